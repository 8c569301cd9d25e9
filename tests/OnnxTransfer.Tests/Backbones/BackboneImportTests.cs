using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Networks in every exporter's manner are imported, loaded and run.</summary>
public sealed class BackboneImportTests : IDisposable
{
    private static readonly ImportSettings Half = new() { Mean = [0.5f, 0.5f, 0.5f], Std = [0.5f, 0.5f, 0.5f] };

    private readonly TempFolder _folder = new();

    [Fact]
    public void Keras_NHWC_with_a_transpose_inside()
    {
        var about = Import(Conventions.Keras(), Half).Description;

        Assert.Equal(new InputDescription("input_1", TensorLayout.Nhwc, 16, 16, ChannelOrder.Rgb), about.Input);
        Assert.Equal(["stage1:4", "stage2:6", "avgpool:6", "logits:10"], Widths(about));
        Assert.Equal([4, 8, 8], about.Taps[0].Shape);
        Assert.Equal(TensorLayout.Nchw, about.Taps[0].Layout);
        Assert.Equal("StatefulPartitionedCall/model/avg_pool/Mean_Squeeze:0", about.Taps[2].Tensor);
        Assert.Equal("StatefulPartitionedCall/model/predictions/BiasAdd:0", about.Taps[3].Tensor);
        Assert.Equal(["avgpool"], about.Embedding);
    }

    [Fact]
    public void Keras_of_a_fixed_batch_equals_the_dynamic_one()
    {
        Import(Conventions.Keras(), Half, "dynamic");
        var about = Import(Conventions.Keras(batch: 1), Half, "fixed").Description;

        Assert.Equal(0, about.Input.Batch);
        Graphs.Near(Embed("dynamic", 3), Embed("fixed", 3), 1e-6f);
    }

    [Fact]
    public void Maps_that_are_NHWC_are_pooled_as_such()
    {
        var about = Import(Conventions.MapsNhwc(), Half).Description;

        Assert.Equal(["maps_nhwc:4", "pooled_mean:4", "scores:7"], Widths(about));
        Assert.Equal([4, 8, 8], about.Taps[0].Shape);
        Assert.Null(about.Taps[0].Layout);
        Graphs.Near(Embed("net", 2, "pooled_mean"), Embed("net", 2, "maps_nhwc"), 1e-5f);
    }

    [Fact]
    public void Cntk_of_batch_1_with_means_inside_and_an_output_of_four_dimensions()
    {
        var imported = Import(Conventions.Cntk(), new() { Channels = ChannelOrder.Bgr });
        var about = imported.Description;

        Assert.Equal(["stage1:8", "OutputNode:8"], Widths(about));
        Assert.Equal([8], about.Taps[1].Shape);
        Assert.Equal(["OutputNode"], about.Embedding);
        Assert.Equal((0, ChannelOrder.Bgr), (about.Input.Batch, about.Input.Channels));
        Assert.Equal([0, 0, 0], about.Preprocessing.Mean);
        Assert.Equal([1 / 255f, 1 / 255f, 1 / 255f], about.Preprocessing.Std);
        Assert.Contains("It normalises inside, (x - [103.939,116.779,123.68]) / [1,1,1] by Sub, so it wants pixels from 0 to 255.", imported.Analysis.Found);
        Assert.Contains("Its batch, fixed at 1 in the file, is made free when it is loaded.", imported.Analysis.Found);
        SameOneByOne("net");
    }

    [Fact]
    public void The_pixels_of_a_network_that_normalises_inside_arrive_from_0_to_255()
    {
        Import(Conventions.Cntk(), new());
        var pixels = Pixels(1);
        var floats = new float[pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            floats[(i % 3 * 256) + (i / 3)] = pixels[i];
        }

        Graphs.Near(Graphs.Run(Conventions.Cntk(), ("features", TensorValue.Of(floats, 1, 3, 16, 16))).Floats, Embed("net", 1), 1e-2f);
    }

    [Fact]
    public void Mxnet_with_batch_normalisation_of_the_data()
    {
        var imported = Import(Conventions.Mxnet(), Half);

        Assert.Equal(["stage1:4", "avgpool:4", "logits:10"], Widths(imported.Description));
        Assert.Equal("resnetv24_stage1__plus0", imported.Description.Taps[0].Tensor);
        Assert.Contains("It begins with (x - [0,0,0]) / [1,1,1] by BatchNormalization, which expects pixels that are normalised already.", imported.Analysis.Found);
        Assert.Equal(["Mean", "Std"], BackboneImport.Analyse(Conventions.Mxnet()).Missing);
        Assert.Empty(BackboneImport.Analyse(Conventions.Mxnet(pixelsInside: true)).Missing);
        SameOneByOne("net");
    }

    [Fact]
    public void Timm_with_a_computed_reshape()
    {
        var about = Import(Conventions.Timm(), Half).Description;

        Assert.Equal(["layer1:4", "layer2:6", "global_pool:6", "logits:10"], Widths(about));
        Assert.Equal("/layer1/layer1.0/act2/Relu_output_0", about.Taps[0].Tensor);
        Assert.Equal(["global_pool"], about.Embedding);
    }

    [Fact]
    public void A_transformer_with_its_class_token_and_batch_folded_in()
    {
        var about = Import(Conventions.Tokens(), Half).Description;

        Assert.Equal(["patches:6", "class_token:6", "logits:5"], Widths(about));
        Assert.Equal(0, about.Input.Batch);
        SameOneByOne("net");
    }

    [Fact]
    public void A_batch_that_cannot_be_freed_is_kept_and_said()
    {
        var imported = Import(Conventions.MixedBatch(), Half);

        Assert.Equal(2, imported.Description.Input.Batch);
        Assert.Contains("Its batch is fixed at 2 and cannot be freed: the graph reckons with that number inside. It runs 2 image(s) at a time.", imported.Analysis.Found);
        using var backbone = Backbone.Load(_folder["net.onnx"], ExecutionProvider.Cpu);
        Assert.Equal(2, backbone.BatchSize);
        Assert.Equal(4, Embed("net", 1).Length);
    }

    [Fact]
    public void A_batch_that_changes_the_numbers_is_found_by_running_it()
    {
        Assert.Equal(1, Import(Conventions.Weighed(1), Half).Description.Input.Batch);

        var error = Assert.Throws<BackboneException>(() => Import(Conventions.Weighed(-1), Half, "dynamic"));
        Assert.Equal($"{_folder["dynamic.onnx"]}: tap 'weighed' (weighed) gives an image other numbers when another is beside it in the batch; "
            + "expected the same: export the network with a dynamic batch, in evaluation mode", error.Message);
        Assert.False(File.Exists(_folder["dynamic.json"]));
    }

    [Fact]
    public void Height_and_width_that_are_open_are_asked_for()
    {
        var analysis = BackboneImport.Analyse(Conventions.Timm(side: -1), Half);

        Assert.Equal(["Size"], analysis.Missing);
        Assert.Contains("of any size", analysis.Found[0]);
        var error = Assert.Throws<BackboneException>(() => Import(Conventions.Timm(side: -1), Half));
        Assert.Equal($"{_folder["net.onnx"]}: does not tell size; set ImportSettings.Size to what the network was trained with", error.Message);
        Assert.Equal((24, 32), Import(Conventions.Timm(side: -1), Half with { Size = (24, 32) }).Description.Input is var input ? (input.Height, input.Width) : default);
    }

    [Fact]
    public void Half_precision_runs()
    {
        Import(Conventions.OfType(ElementType.Float), Half, "float");
        var imported = Import(Conventions.OfType(ElementType.Float16), Half, "half");

        Assert.Equal(ElementType.Float16, imported.Analysis.ElementType);
        Assert.Equal(["maps:4", "flat:4", "logits:5"], Widths(imported.Description));
        Graphs.Near(Embed("float", 2), Embed("half", 2), 2e-3f);
    }

    [Fact]
    public void What_the_runtime_cannot_run_is_not_described()
    {
        var error = Assert.Throws<InferenceException>(() => Import(Conventions.OfType(ElementType.Double), Half));

        Assert.Contains("Could not find an implementation for Conv", error.Message, StringComparison.Ordinal);
        Assert.Equal(["net.onnx"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Vgg_has_its_dense_layers_and_the_last_map()
    {
        var about = Import(Conventions.Vgg(), Half).Description;

        Assert.Equal(["relu_a:4", "stage2:6", "stage3:6", "dense1:7", "penultimate:9", "logits:5"], Widths(about));
        Assert.Equal("42", about.Taps[4].Tensor);
    }

    [Fact]
    public void Two_inputs_are_named_and_one_can_be_chosen()
    {
        var error = Assert.Throws<BackboneException>(() => BackboneImport.Analyse(Conventions.TwoInputs()));

        Assert.Equal("graph: has 2 inputs (float image[N,3,16,16], float age[N,4]); expected one, the image: choose the image's with --input image; "
            + "taps are then looked for among what the others have no part in", error.Message);
        var about = Import(Conventions.TwoInputs(), Half with { Input = "image" }).Description;
        Assert.Equal(["maps:4", "pooled_image:4"], Widths(about));
        Assert.Equal(["pooled_image"], about.Embedding);
    }

    [Theory]
    [InlineData(new long[] { -1, 1, 28, 28 }, "graph: its input is float data[N,1,28,28]; expected three channels, red, green and blue, as second or last dimension: it has 1 channels: take a network trained on colour images")]
    [InlineData(new long[] { -1, 3, 16 }, "graph: its input is float data[N,3,16]; expected four dimensions, [N, 3, height, width] or [N, height, width, 3]: only networks that take one colour image can be imported; name another input with --input if there is one")]
    [InlineData(new long[] { -1, 3, 8, 16, 16 }, "graph: its input is float data[N,3,8,16,16]; expected four dimensions, [N, 3, height, width] or [N, height, width, 3]: only networks that take one colour image can be imported; name another input with --input if there is one")]
    public void What_takes_no_colour_image_is_refused(long[] dims, string message) =>
        Assert.Equal(message, Assert.Throws<BackboneException>(() => BackboneImport.Analyse(Conventions.Bare(dims))).Message);

    [Fact]
    public void Numbers_of_0_to_255_are_refused_with_those_of_0_to_1()
    {
        var settings = new ImportSettings { Mean = [123.675f, 116.28f, 103.53f], Std = [58.395f, 57.12f, 57.375f] };

        Assert.Equal("graph: mean 123.675,116.28,103.53 and std 58.395,57.12,57.375 are of pixels from 0 to 255; expected mean and std of x / 255: "
            + "0.485,0.456,0.406 and 0.229,0.224,0.225", Assert.Throws<BackboneException>(() => BackboneImport.Analyse(Conventions.Timm(), settings)).Message);
    }

    [Fact]
    public void A_network_whose_numbers_are_not_finite_is_refused_as_that()
    {
        var proto = Conventions.Timm().Proto.Clone();
        var weights = proto.Graph.Initializer.First(t => t.Dims.Count == 4);
        weights.FloatData.Clear();
        weights.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(
            Enumerable.Repeat(float.NaN, (int)TensorData.Count(weights)).ToArray().AsSpan()));

        var error = Assert.Throws<BackboneException>(() => Import(new OnnxModel(proto, "graph"), Half));

        Assert.Contains("gives numbers that are not finite for an ordinary image; expected finite ones: look at its weights", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Own_taps_and_embedding_are_described()
    {
        var settings = Half with
        {
            Taps = ["conv=/layer1/layer1.0/conv1/Conv_output_0:max", "layer2=/layer2/layer2.0/Add_output_0"],
            Embedding = ["conv", "layer2"], Name = "mine", Source = "these tests", Licence = "MIT", ShorterSide = 20, Interpolation = Interpolation.Bicubic,
        };
        var about = Import(Conventions.Timm(), settings).Description;

        Assert.Equal(("mine", "these tests", "MIT", 10), (about.Name, about.Source, about.Licence, about.Width));
        Assert.Equal(["layer1:4", "global_pool:6", "logits:10", "conv:4", "layer2:6"], Widths(about));
        Assert.Equal(PixelPreprocessing.ShorterSide(20, 16, Interpolation.Bicubic), about.Preprocessing.Pixels);
        var error = Assert.Throws<BackboneException>(() => BackboneImport.Analyse(Conventions.Timm(), Half with { Taps = ["conv=layer1"] }));
        Assert.StartsWith("graph: tap 'conv=layer1' names no tensor that a node computes; what can be a tap is '/layer1/", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_description_that_is_there_is_not_overwritten_unasked()
    {
        var path = Import(Conventions.Timm(), Half).DescriptionPath;
        var before = File.ReadAllText(path);

        Assert.Equal($"{path}: is there already; expected none: overwrite it (--overwrite), or write elsewhere (--output)",
            Assert.Throws<BackboneException>(() => Import(Conventions.Timm(), Half with { Name = "new" })).Message);
        Assert.Equal(before, File.ReadAllText(path));
        Assert.Equal("new", Import(Conventions.Timm(), Half with { Name = "new", Overwrite = true }).Description.Name);
        Assert.Equal(["net.json", "net.onnx"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_description_elsewhere_is_found_by_the_hash()
    {
        var imported = Import(Conventions.Timm(), Half with { Output = _folder["elsewhere", "described.json"] });

        Assert.False(File.Exists(_folder["net.json"]));
        using var backbone = Backbone.Load(_folder["net.onnx"], ExecutionProvider.Cpu, new() { Catalogue = new(Path.GetDirectoryName(imported.DescriptionPath)!) });
        Assert.Equal(6, backbone.Width);
    }

    [Fact]
    public void Weights_in_a_file_beside_the_network_work()
    {
        Import(Conventions.Timm(), Half, "whole");
        var model = Conventions.Timm();
        var weight = model.Graph.Initializer.First(t => t.Name == "w4");
        File.WriteAllBytes(_folder["net.weights"], weight.RawData.ToByteArray());
        weight.RawData = Google.Protobuf.ByteString.Empty;
        weight.DataLocation = OnnxTransfer.Onnx.Proto.TensorProto.Types.DataLocation.External;
        weight.ExternalData.Add(new OnnxTransfer.Onnx.Proto.StringStringEntryProto { Key = "location", Value = "net.weights" });

        var about = Import(model, Half).Description;

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_folder["net.onnx"]))), about.Sha256);
        Graphs.Near(Embed("whole", 2), Embed("net", 2), 1e-6f);
    }

    public void Dispose() => _folder.Dispose();

    private static string[] Widths(BackboneDescription about) => [.. about.Taps.Select(tap => $"{tap.Name}:{tap.Width}")];

    private static byte[] Pixels(int count)
    {
        var pixels = new byte[count * 16 * 16 * 3];
        new Random(5).NextBytes(pixels);
        return pixels;
    }

    private ImportedBackbone Import(OnnxModel model, ImportSettings settings, string name = "net")
    {
        model.Save(_folder[name + ".onnx"]);
        return BackboneImport.Import(_folder[name + ".onnx"], settings);
    }

    private float[] Embed(string name, int count, string? tap = null, int from = 0)
    {
        var settings = new BackboneSettings { Taps = tap is null ? null : [tap], Threads = 1, BatchSize = tap is null ? 0 : count };
        using var backbone = Backbone.Load(_folder[name + ".onnx"], ExecutionProvider.Cpu, settings);
        using var buffers = backbone.CreateBuffers();
        Pixels(from + count).AsSpan(from * 16 * 16 * 3).CopyTo(buffers.Bytes);
        backbone.Run(buffers, count);
        return buffers.Output(0).ToArray();
    }

    /// <summary>Several images in one batch have the embeddings they have alone.</summary>
    private void SameOneByOne(string name) =>
        Graphs.Near(Embed(name, 3), [.. Embed(name, 1), .. Embed(name, 1, from: 1), .. Embed(name, 1, from: 2)], 1e-4f);
}
