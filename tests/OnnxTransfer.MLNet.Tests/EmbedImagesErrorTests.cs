using Microsoft.ML;
using Microsoft.ML.Data;
using static OnnxTransfer.MLNet.Tests.Pipeline;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Images that cannot be embedded, and columns that hold no paths.</summary>
public class EmbedImagesErrorTests
{
    [Fact]
    public void A_failed_image_is_named_when_its_row_is_read()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(6);
        File.WriteAllText(photos[3].ImagePath, "no image");
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var view = pipeline.Embed().Fit(data).Transform(data);
        Assert.Equal(3, pipeline.Context.Data.TakeRows(view, 3).GetColumn<float[]>("Embedding").Count());
        string message = Assert.Throws<OnnxTransferException>(() => view.GetColumn<float[]>("Embedding").Count()).Message;
        Assert.StartsWith($"EmbedImages: {photos[3].ImagePath}: ", message, StringComparison.Ordinal);
        Assert.EndsWith("; mend or leave out the image, or set EmbedImagesSettings.FailedAsNaN, which makes it a row of NaN", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_images_are_rows_of_NaN_where_asked_for()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(6);
        File.WriteAllText(photos[3].ImagePath, "no image");
        photos[4].ImagePath = Path.Combine(pipeline.Folder.Path, "absent.png");
        photos[5].ImagePath = "";
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var transformer = pipeline.Embed(new EmbedImagesSettings { FailedAsNaN = true }).Fit(data);
        float[][] rows = [.. transformer.Transform(data).GetColumn<float[]>("Embedding")];
        Assert.Equal<float[]>(pipeline.Expected(photos[..3]), rows[..3]);
        Assert.All(rows[3..], row => Assert.All(row, value => Assert.True(float.IsNaN(value))));

        using var engine = pipeline.Context.Model.CreatePredictionEngine<Photo, Embedded>(transformer);
        Assert.All(engine.Predict(photos[3]).Embedding, value => Assert.True(float.IsNaN(value)));
        Assert.All(engine.Predict(photos[5]).Embedding, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void A_window_of_failures_alone_names_each()
    {
        using var pipeline = new Pipeline();
        string absent = Path.Combine(pipeline.Folder.Path, "absent.png");
        var data = pipeline.Context.Data.LoadFromEnumerable([new Photo { ImagePath = absent }, new Photo()]);
        var view = pipeline.Embed().Fit(data).Transform(data);
        string message = Assert.Throws<OnnxTransferException>(() => view.GetColumn<float[]>("Embedding").Count()).Message;
        Assert.StartsWith($"EmbedImages: {absent}: cannot be read (", message, StringComparison.Ordinal);
        message = Assert.Throws<OnnxTransferException>(() => pipeline.Context.Data.SkipRows(view, 1).GetColumn<float[]>("Embedding").Count()).Message;
        Assert.StartsWith("EmbedImages: a row has no path of an image; ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prediction_engine_names_the_image_that_failed()
    {
        using var pipeline = new Pipeline();
        string absent = Path.Combine(pipeline.Folder.Path, "absent.png");
        var data = pipeline.Context.Data.LoadFromEnumerable<Photo>([]);
        using var engine = pipeline.Context.Model.CreatePredictionEngine<Photo, Embedded>(pipeline.Embed().Fit(data));
        string message = Assert.Throws<OnnxTransferException>(() => engine.Predict(new Photo { ImagePath = absent })).Message;
        Assert.StartsWith($"EmbedImages: {absent}: cannot be read (", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_that_is_missing_or_holds_no_text_is_refused()
    {
        using var pipeline = new Pipeline();
        var data = pipeline.Context.Data.LoadFromEnumerable(pipeline.Photos(1));
        var pictures = pipeline.Context.Transforms.EmbedImages("Embedding", "Picture", pipeline.Backbone, pipeline.Cache);
        var numbers = pipeline.Context.Transforms.EmbedImages("Embedding", "Number", pipeline.Backbone, pipeline.Cache);
        string missing = "EmbedImages: the input has no column 'Picture'; its columns are ImagePath, Kind, Number, Pair, IsEven; name the one that holds the paths of the images";
        string noText = "EmbedImages: column 'Number' holds Single; expected text, the path of an image";
        Assert.Equal(missing, Assert.Throws<OnnxTransferException>(() => pictures.Fit(data)).Message);
        Assert.Equal(noText, Assert.Throws<OnnxTransferException>(() => numbers.Fit(data)).Message);

        // In a chain, before anything is fitted.
        var copy = pipeline.Context.Transforms.CopyColumns("Copy", "Kind");
        Assert.Contains("no column 'Picture'", Assert.Throws<OnnxTransferException>(() => copy.Append(pictures).Append(copy).Fit(data)).Message, StringComparison.Ordinal);
        Assert.Equal(noText, Assert.Throws<OnnxTransferException>(() => numbers.Append(copy).Fit(data)).Message);
    }
}
