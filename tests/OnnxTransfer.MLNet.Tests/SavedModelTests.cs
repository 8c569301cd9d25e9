using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Backbones;
using OnnxTransfer.Heads;
using static OnnxTransfer.MLNet.Tests.Pipeline;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Pipelines saved by mlContext.Model.Save and loaded by mlContext.Model.Load.</summary>
public class SavedModelTests
{
    [Fact]
    public void A_loaded_pipeline_predicts_the_same()
    {
        using var pipeline = new Pipeline(new BackboneSettings { Taps = ["b:max", "v"], L2Normalize = true });
        var (photos, path) = (pipeline.Photos(40), pipeline.Folder["model.zip"]);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var model = Fit(pipeline, data);
        pipeline.Context.Model.Save(model, data.Schema, path);
        float[][] expected = [.. model.Transform(data).GetColumn<float[]>("Score")];

        var other = new MLContext(seed: 2).AddOnnxTransfer();
        var loaded = other.Model.Load(path, out var schema);
        Assert.Contains(schema, column => column.Name == "ImagePath");
        using (loaded as IDisposable)
        {
            var scored = loaded.Transform(data);
            Assert.Equal<float[]>(expected, scored.GetColumn<float[]>("Score"));
            Assert.Equal(photos.Select(photo => photo.Kind), scored.GetColumn<string>("Found"));
            using var engine = other.Model.CreatePredictionEngine<Photo, Answer>(loaded);
            Assert.Equal("light", engine.Predict(photos[1]).Found);
        }
    }

    [Fact]
    public void The_catalogue_and_the_cache_may_have_moved()
    {
        using var pipeline = new Pipeline();
        var (photos, path) = (pipeline.Photos(10), pipeline.Folder["model.zip"]);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        pipeline.Context.Model.Save(pipeline.Embed().Fit(data), data.Schema, path);
        string moved = Path.GetDirectoryName(pipeline.Folder["moved", "x"])!;
        File.Move(pipeline.Tiny.ModelPath, Path.Combine(moved, "tiny.onnx"));
        File.Move(pipeline.Tiny.DescriptionPath, Path.Combine(moved, "tiny.json"));

        var other = new MLContext().AddOnnxTransfer(new ModelLoading { Catalogue = new BackboneCatalogue(moved), CacheFolder = pipeline.Folder["cache2"] });
        var loaded = other.Model.Load(path, out _);
        using (loaded as IDisposable)
        {
            Assert.Equal<float[]>(pipeline.Expected(photos), loaded.Transform(data).GetColumn<float[]>("Embedding"));
        }

        Assert.True(Directory.Exists(pipeline.Folder["cache2"]));
    }

    [Fact]
    public void Another_network_or_description_is_refused()
    {
        using var pipeline = new Pipeline();
        var (path, sha256) = (pipeline.Folder["model.zip"], pipeline.Backbone.Sha256);
        var data = pipeline.Context.Data.LoadFromEnumerable(pipeline.Photos(1));
        pipeline.Context.Model.Save(pipeline.Embed().Fit(data), data.Schema, path);

        pipeline.Tiny.Json["preprocessing"]!["size"] = new System.Text.Json.Nodes.JsonArray(9);
        pipeline.Tiny.Write();
        Assert.Contains(
            $"EmbedImages: {pipeline.Tiny.DescriptionPath} describes backbone 'tiny' otherwise than when the model was saved (preprocessing ", Refusal(path), StringComparison.Ordinal);

        pipeline.Tiny.FixBatch(2);
        string message = Refusal(path);
        Assert.StartsWith(
            $"EmbedImages: the model was fitted on backbone 'tiny' of sha256 {sha256}, then at {pipeline.Tiny.ModelPath}; found {pipeline.Tiny.ModelPath} with ", message, StringComparison.Ordinal);
        Assert.Contains("; put that file back or into a folder named in ONNXTRANSFER_MODELS or in ModelLoading.Catalogue, or fit again", message, StringComparison.Ordinal);

        File.Delete(pipeline.Tiny.ModelPath);
        Assert.Contains("; neither the catalogue nor its old place has it; ", Refusal(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_line_ML_NET_does_not_know_the_transformer()
    {
        using var pipeline = new Pipeline();
        var path = pipeline.Folder["model.zip"];
        var data = pipeline.Context.Data.LoadFromEnumerable(pipeline.Photos(1));
        pipeline.Context.Model.Save(pipeline.Embed().Fit(data), data.Schema, path);
        Assert.StartsWith("Couldn't load model", Assert.Throws<FormatException>(() => new MLContext().Model.Load(path, out _)).Message, StringComparison.Ordinal);
        using var loaded = Assert.IsType<EmbedImagesTransformer>(new MLContext().AddOnnxTransfer().AddOnnxTransfer().Model.Load(path, out _));
        Assert.Equal(("Embedding", "ImagePath"), (loaded.OutputColumnName, loaded.InputColumnName));
    }

    private static ITransformer Fit(Pipeline pipeline, IDataView data) => pipeline.Context.Transforms.Conversion.MapValueToKey("Label", nameof(Photo.Kind))
        .Append(pipeline.Embed())
        .Append(pipeline.Context.MulticlassClassification.Trainers.Head(new LogisticRegression { L2 = 0.1 }))
        .Append(pipeline.Context.Transforms.Conversion.MapKeyToValue("Found", "PredictedLabel"))
        .Fit(data);

    // ML.NET calls what it loads by reflection, which wraps every error.
    private static string Refusal(string path) => Assert.IsType<OnnxTransferException>(
        Assert.Throws<TargetInvocationException>(() => new MLContext().AddOnnxTransfer().Model.Load(path, out _)).InnerException).Message;

    private sealed class Answer
    {
        public string Found { get; set; } = "";
    }
}
