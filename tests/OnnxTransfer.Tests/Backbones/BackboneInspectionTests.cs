using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Backbones;

public sealed class BackboneInspectionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_bare_file_shows_what_an_import_would_propose()
    {
        var found = BackboneInspection.Of(Saved(Conventions.Mxnet()), batch: 4);

        Assert.Null(found.Entry);
        Assert.Equal(["stage1:4", "avgpool:4", "logits:10"], found.Taps.Select(t => $"{t.Name}:{t.Width}"));
        Assert.Equal(["avgpool"], found.Embedding);
        Assert.Equal((1, 4), (found.FileBatch, found.ActivationBatch));

        // Three 3x3 convolutions on 8x8 places, from 3, 4 and 4 channels to 4, and a Gemm from 4 to 10.
        Assert.Equal((64 * 9 * 4 * (3 + 4 + 4)) + 40, found.Macs);
        Assert.Equal((9 * 4 * (3 + 4 + 4)) + 12 + 16 + 40 + 10, found.Parameters);
        Assert.True(found.ActivationBytes >= 4 * 4 * 64 * 2 * sizeof(float), $"{found.ActivationBytes} bytes");
        Assert.Contains(found.Warnings, warning => warning.StartsWith("Batch normalisation is not folded", StringComparison.Ordinal));
        Assert.Contains(found.Warnings, warning => warning.StartsWith("The batch is fixed", StringComparison.Ordinal));
    }

    [Fact]
    public void Figures_of_an_image_do_not_depend_on_the_batch()
    {
        var (one, eight) = (BackboneInspection.Of(Saved(Conventions.Timm()), batch: 1), BackboneInspection.Of(Saved(Conventions.Timm())));

        Assert.Equal((one.Macs, one.Parameters), (eight.Macs, eight.Parameters));
        Assert.Equal((1, 8), (one.ActivationBatch, eight.ActivationBatch));
        Assert.True(eight.ActivationBytes > 7 * one.ActivationBytes);
        Assert.Equal(0, one.FileBatch);
    }

    [Fact]
    public void A_described_one_shows_its_description()
    {
        using var tiny = new TinyBackbone();
        var found = BackboneInspection.Of(tiny.ModelPath, catalogue: tiny.Catalogue);

        Assert.Equal("tiny", found.Entry!.Description.Name);
        Assert.Null(found.Proposed);
        Assert.Equal(["a", "b", "v"], found.Taps.Select(t => t.Name));
        Assert.Equal(336, found.Parameters);
    }

    [Fact]
    public void One_described_elsewhere_is_found_as_it_is_when_it_is_loaded()
    {
        using var tiny = new TinyBackbone();
        tiny.Json.Remove("sha256");
        tiny.Write();
        File.Copy(tiny.ModelPath, _folder["tiny.onnx"]);

        var found = BackboneInspection.Of(_folder["tiny.onnx"], catalogue: tiny.Catalogue);

        var loaded = tiny.Catalogue.Find(_folder["tiny.onnx"]);
        Assert.Equal(("tiny", loaded.DescriptionPath, loaded.ModelPath), (found.Entry?.Description.Name, found.Entry?.DescriptionPath, found.Entry?.ModelPath));
    }

    [Fact]
    public void A_missing_file_leaves_the_description()
    {
        using var tiny = new TinyBackbone();
        tiny.Json["obtain"] = "make it so";
        tiny.Write();
        File.Delete(tiny.ModelPath);
        var found = BackboneInspection.Of("tiny", catalogue: tiny.Catalogue);

        Assert.Null(found.Model);
        Assert.Equal(336, found.Parameters);
        Assert.Equal($"The file {tiny.ModelPath} is not there; get it with: make it so.", Assert.Single(found.Warnings));
    }

    [Fact]
    public void A_fused_model_has_figures_and_no_taps()
    {
        using var tiny = new TinyBackbone();
        var fused = ModelMetadata.Merge(PixelInput.Prepend(tiny.Model, "input", 8, 8, [0, 0, 0], [1, 1, 1]), new Dictionary<string, string> { [ModelMetadata.CardKey] = "{}" });
        var found = BackboneInspection.Of(Saved(fused));

        Assert.True(found.IsFused);
        Assert.Empty(found.Taps);
        Assert.Equal((ElementType.UInt8, TensorLayout.Nhwc, 8), (found.ElementType, found.Input!.Layout, found.Input.Height));
        Assert.True(found.Macs > 0);
        Assert.StartsWith($"{_folder["net.onnx"]}: a fused model, from pixels to answer", Assert.Throws<BackboneException>(() => BackboneImport.Analyse(OnnxModel.Load(_folder["net.onnx"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_image_network_is_shown_with_the_reason()
    {
        var found = BackboneInspection.Of(Saved(Conventions.Bare(-1, 3, 16)));

        Assert.Equal(1, found.Model!.Operators["Relu"]);
        Assert.Contains(found.Warnings, warning => warning.StartsWith("It cannot be a backbone: ", StringComparison.Ordinal) && warning.Contains("expected four dimensions", StringComparison.Ordinal));
    }

    [Fact]
    public void An_open_size_is_taken_as_usual_and_said()
    {
        var found = BackboneInspection.Of(Saved(Conventions.Timm(side: -1)));

        Assert.Equal(224, found.Input!.Height);
        Assert.Contains("Height and width are open in the graph; all figures are for 224 x 224.", found.Warnings);
        Assert.Equal("layer1", found.Taps[0].Name);
    }

    public void Dispose() => _folder.Dispose();

    private string Saved(OnnxModel model)
    {
        model.Save(_folder["net.onnx"]);
        return _folder["net.onnx"];
    }
}
