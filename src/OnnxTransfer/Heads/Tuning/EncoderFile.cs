using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Writes an encoder as a backbone: its network, its description, a golden image and what the taps give for it.</summary>
internal static class EncoderFile
{
    /// <summary>The image beside a backbone's file.</summary>
    public static string GoldenImage(string output) => Path.ChangeExtension(output, null) + "-golden.bmp";

    /// <summary>The network of a backbone, its taps in use joined to its embedding, with an encoder behind that.</summary>
    public static OnnxModel Behind(BackboneNetwork network, OnnxModel encoder)
    {
        var backbone = network.Backbone;

        // An encoder may stand behind another encoder.
        var taken = network.Model.TensorNames.ToHashSet(StringComparer.Ordinal);
        string stem = Enumerable.Range(1, int.MaxValue).Select(i => $"encoder{i}").First(name => !taken.Contains($"{name}_embedding"));
        string part = $"{stem}_tap", all = $"{stem}_embedding", ofLength1 = $"{stem}_embedding_l2";
        string[] kept = [.. network.Taps.Select(tap => tap.Tensor).Distinct()];
        var model = Cut.At(network.Model, kept);
        foreach (var (i, tap) in backbone.Taps.Index())
        {
            model = Pooling.Attach(model, tap.Tensor, tap.Pooling, tap.Shape, $"{part}{i}", tap.Layout);
        }

        model = Outputs.Concat(model, [.. backbone.Taps.Select((_, i) => $"{part}{i}")], all);
        model = backbone.L2Normalize ? L2Normalization.Attach(model, all, ofLength1) : model;
        var joined = Join.After(model, backbone.L2Normalize ? ofLength1 : all, encoder);
        return Cut.At(joined, [.. kept, .. encoder.Outputs.Select(output => output.Name)]);
    }

    /// <summary>Writes all files; returns the description as it then is, hash, sizes and golden embedding filled in.</summary>
    public static BackboneDescription Write(OnnxModel model, BackboneDescription about, string output)
    {
        model.Save(output);
        var input = about.Input;
        var shapes = TensorShapes.Infer(model, 1, new Dictionary<string, IReadOnlyList<long>> { [input.Tensor] = ImageShape.Of(input.Layout, 1, input.Height, input.Width) });
        about = about with { Sha256 = ModelFile.Hash(output), Parameters = model.ParameterCount, Macs = ModelProfile.Of(model, shapes).Macs, Golden = null };
        string image = GoldenImage(output), descriptionPath = Path.ChangeExtension(output, ".json");
        File.WriteAllBytes(image, PatternImage.Bitmap(input.Height, input.Width));
        about = about with { Golden = Golden(about, descriptionPath, output, image) };
        DescriptionWriter.Write(about, descriptionPath, overwrite: true);
        return BackboneDescription.Load(descriptionPath);
    }

    private static GoldenDescription Golden(BackboneDescription about, string descriptionPath, string output, string image)
    {
        using var backbone = Backbone.Open(new(about, descriptionPath, output), ExecutionProvider.Cpu, new BackboneSettings { BatchSize = 1 });
        using var buffers = backbone.CreateBuffers();
        using var pixels = ImageDecoders.Default.Decode(File.ReadAllBytes(image), image);
        backbone.Preprocessing.Apply(pixels, buffers.Image(0), image);
        backbone.Run(buffers, 1);
        return new(Path.GetFileName(image), about.Embedding, buffers.OutputRow(0, 0).ToArray());
    }
}
