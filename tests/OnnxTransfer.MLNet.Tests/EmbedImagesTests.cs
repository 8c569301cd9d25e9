using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Backbones;
using static OnnxTransfer.MLNet.Tests.Pipeline;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>EmbedImages in a pipeline: the right rows, in batches, once.</summary>
public class EmbedImagesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_row_gets_its_own_embedding_and_keeps_all_else(bool l2Normalize)
    {
        using var pipeline = new Pipeline(new BackboneSettings { L2Normalize = l2Normalize });
        var photos = pipeline.Photos(50);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var view = pipeline.Embed().Fit(data).Transform(data);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 22), view.Schema["Embedding"].Type);
        Assert.Equal(data.Schema.Select(column => column.Name).Append("Embedding"), view.Schema.Select(column => column.Name));

        var rows = pipeline.Context.Data.CreateEnumerable<Embedded>(view, reuseRowObject: false).ToArray();
        Assert.Equal<float[]>(pipeline.Expected(photos), rows.Select(row => row.Embedding));
        AssertSame(photos, rows);
    }

    [Fact]
    public void Rows_are_embedded_in_batches_and_only_once()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(200);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos.Concat(photos[..56]));
        var transformer = pipeline.Embed().Fit(data);
        Assert.Equal(200, transformer.Transform(data).GetColumn<float[]>("Embedding").Take(200).Distinct().Count());

        // Windows of 8, 16, 32, 64, 128 and the rest, each in batches of 8, of which the last are divided between the cores.
        _ = transformer.Transform(data).GetColumn<float[]>("Embedding").ToArray();
        Assert.Equal(200, transformer.Work.Embedded);
        Assert.InRange(transformer.Work.Runs, 25, 26 + (6 * Environment.ProcessorCount));

        var again = pipeline.Embed().Fit(data);
        _ = again.Transform(data).GetColumn<float[]>("Embedding").ToArray();
        Assert.Equal(new EmbedImagesWork(Rows: 256, Embedded: 0, Runs: 0), again.Work);
    }

    [Fact]
    public void Twins_in_a_window_are_embedded_once()
    {
        using var pipeline = new Pipeline();
        var photo = pipeline.Photos(1)[0];
        var data = pipeline.Context.Data.LoadFromEnumerable(Enumerable.Repeat(photo, 8));
        var transformer = pipeline.Embed().Fit(data);
        Assert.Single(transformer.Transform(data).GetColumn<float[]>("Embedding").Select(row => string.Join(' ', row)).Distinct());
        Assert.Equal(new EmbedImagesWork(Rows: 8, Embedded: 1, Runs: 1), transformer.Work);
    }

    [Fact]
    public void The_first_row_does_not_wait_for_the_last()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(4);
        int read = 0;
        IEnumerable<Photo> Endless()
        {
            while (true)
            {
                yield return photos[read++ % 4];
            }
        }

        var data = pipeline.Context.Data.LoadFromEnumerable(Endless());
        var view = pipeline.Embed().Fit(data).Transform(data);
        Assert.Equal(20, pipeline.Context.Data.TakeRows(view, 20).GetColumn<float[]>("Embedding").Count());
        Assert.Equal(8 + 16, read);
    }

    [Fact]
    public void Nothing_is_embedded_where_the_embedding_is_not_read()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(9);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var transformer = pipeline.Embed().Fit(data);
        Assert.Equal(photos.Select(photo => photo.Number), transformer.Transform(data).GetColumn<float>("Number"));
        Assert.Equal(default, transformer.Work);
    }

    [Fact]
    public void Shuffled_rows_keep_their_embedding()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(60);
        var expected = pipeline.Expected(photos);
        var data = pipeline.Context.Data.Cache(pipeline.Context.Data.LoadFromEnumerable(photos));
        var view = pipeline.Embed().Fit(data).Transform(data);
        Assert.True(view.CanShuffle);
        var shuffled = Walk(view.GetRowCursor(view.Schema, new Random(5)));
        Assert.NotEqual(Enumerable.Range(0, 60).Select(i => (float)i), shuffled.Select(row => row.Number));
        Assert.Equal(Enumerable.Range(0, 60).Select(i => (float)i), shuffled.Select(row => row.Number).Order());
        Assert.All(shuffled, row => Assert.Equal(expected[(int)row.Number], row.Embedding));
    }

    [Fact]
    public void Cursors_side_by_side_share_the_rows()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(300);
        var expected = pipeline.Expected(photos);

        // A set's view of the paths has cursors that share its rows.
        var paths = new Embeddings.EmbeddingSet { Rows = new Numerics.Matrix(300, 1), Names = [.. photos.Select(photo => photo.ImagePath)] }.ToDataView();
        var view = pipeline.Context.Transforms.EmbedImages("Image", "Name", pipeline.Backbone, pipeline.Cache).Fit(paths).Transform(paths);
        var cursors = view.GetRowCursorSet([view.Schema["Image"], view.Schema["Name"]], 3);
        Assert.Equal(3, cursors.Length);
        var rows = new System.Collections.Concurrent.ConcurrentDictionary<long, List<float[]>>();
        Parallel.ForEach(cursors, cursor =>
        {
            using (cursor)
            {
                var (getter, row) = (cursor.GetGetter<VBuffer<float>>(view.Schema["Image"]), default(VBuffer<float>));
                while (cursor.MoveNext())
                {
                    getter(ref row);
                    rows.GetOrAdd(cursor.Batch, _ => []).Add([.. row.DenseValues()]);
                }
            }
        });
        Assert.Equal<float[]>(expected, rows.OrderBy(batch => batch.Key).SelectMany(batch => batch.Value));
        Assert.Equal<float[]>(expected, view.GetColumn<float[]>("Image"));
    }

    [Fact]
    public void A_prediction_engine_embeds_one_image_and_keeps_nothing()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(3);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var transformer = pipeline.Embed().Fit(data);
        var engine = pipeline.Context.Model.CreatePredictionEngine<Photo, Embedded>(transformer);
        var expected = pipeline.Expected(photos);
        for (int i = 0; i < 3; i++)
        {
            var row = engine.Predict(photos[i]);
            AssertNear(expected[i], row.Embedding);
            Assert.Equal(photos[i].ImagePath, row.ImagePath);
        }

        Assert.Equal(0, pipeline.Cache.Spaces().Sum(space => space.Count));
        Assert.Equal(default, transformer.Work);

        // What the cache has is read from it, also after the engine, which owns the model it was made of, is gone.
        engine.Dispose();
        _ = transformer.Transform(data).GetColumn<float[]>("Embedding").ToArray();
        using var second = pipeline.Context.Model.CreatePredictionEngine<Photo, Embedded>(transformer);
        Assert.Equal(expected[1], second.Predict(photos[1]).Embedding);
    }

    [Fact]
    public void A_prediction_engine_divides_by_the_length_where_the_backbone_does()
    {
        using var pipeline = new Pipeline(new BackboneSettings { L2Normalize = true, Taps = ["v", "b"] });
        var photos = pipeline.Photos(1);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var transformer = pipeline.Embed().Fit(data);
        using var engine = pipeline.Context.Model.CreatePredictionEngine<Photo, Embedded>(transformer);
        float[] expected = pipeline.Expected(photos)[0];
        AssertNear(expected, engine.Predict(photos[0]).Embedding);
        _ = transformer.Transform(data).GetColumn<float[]>("Embedding").ToArray();
        Assert.Equal(expected, engine.Predict(photos[0]).Embedding);
    }

    [Fact]
    public void A_network_of_a_fixed_batch_predicts_one_image()
    {
        using var pipeline = new Pipeline();
        pipeline.Tiny.FixBatch(4);
        using var backbone = Backbone.Load("tiny", Inference.ExecutionProvider.Cpu, new BackboneSettings { Catalogue = pipeline.Tiny.Catalogue });
        var photos = pipeline.Photos(1);
        var data = pipeline.Context.Data.LoadFromEnumerable(photos);
        var transformer = pipeline.Context.Transforms.EmbedImages("Embedding", "ImagePath", backbone, pipeline.Cache).Fit(data);
        using var engine = pipeline.Context.Model.CreatePredictionEngine<Photo, Embedded>(transformer);
        AssertNear(pipeline.Expected(photos)[0], engine.Predict(photos[0]).Embedding);
    }

    [Fact]
    public void Relative_paths_start_from_the_image_folder()
    {
        using var pipeline = new Pipeline();
        var photos = pipeline.Photos(2);
        string folder = Path.GetDirectoryName(photos[0].ImagePath)!;
        var data = pipeline.Context.Data.LoadFromEnumerable([new Photo { ImagePath = Path.GetFileName(photos[0].ImagePath) }]);
        var view = pipeline.Embed(new EmbedImagesSettings { ImageFolder = folder }).Fit(data).Transform(data);
        Assert.Equal<float[]>(pipeline.Expected(photos[..1]), view.GetColumn<float[]>("Embedding"));
    }

    private static List<Embedded> Walk(DataViewRowCursor cursor)
    {
        List<Embedded> rows = [];
        using (cursor)
        {
            var (number, embedding) = (cursor.GetGetter<float>(cursor.Schema["Number"]), cursor.GetGetter<VBuffer<float>>(cursor.Schema["Embedding"]));
            var (n, e) = (0f, default(VBuffer<float>));
            while (cursor.MoveNext())
            {
                number(ref n);
                embedding(ref e);
                rows.Add(new Embedded { Number = n, Embedding = [.. e.DenseValues()] });
            }
        }

        return rows;
    }

    private static void AssertSame(IEnumerable<Photo> expected, IEnumerable<Photo> rows) => Assert.Equal(
        expected.Select(row => (row.ImagePath, row.Kind, row.Number, row.Pair[1], row.IsEven)),
        rows.Select(row => (row.ImagePath, row.Kind, row.Number, row.Pair[1], row.IsEven)));

    private static void AssertNear(float[] expected, float[] found) =>
        Assert.Equal(expected, found, (a, b) => Math.Abs(a - b) <= 1e-5 * Math.Max(1, Math.Abs(a)));
}
