using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>A small backbone, a cache and a folder of small images, as a pipeline wants them.</summary>
internal sealed class Pipeline : IDisposable
{
    private readonly TinyBackbone _tiny = new();
    private readonly TempFolder _folder = new();

    public Pipeline(BackboneSettings? settings = null)
    {
        Backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, (settings ?? new BackboneSettings()) with { Catalogue = _tiny.Catalogue });
        Cache = EmbeddingCache.Open(_folder["cache"]);
    }

    public MLContext Context { get; } = new(seed: 1);

    public TinyBackbone Tiny => _tiny;

    public TempFolder Folder => _folder;

    public Backbone Backbone { get; }

    public EmbeddingCache Cache { get; }

    /// <summary>Dark and light bitmaps, in the order of their numbers.</summary>
    public Photo[] Photos(int count)
    {
        string folder = SmallImages.WriteLearnable(_folder, (count + 1) / 2);
        return [.. Enumerable.Range(0, count).Select(i => new Photo
        {
            ImagePath = Path.Combine(folder, i % 2 == 0 ? "dark" : "light", $"{i:0000}.bmp"),
            Kind = i % 2 == 0 ? "dark" : "light",
            Number = i,
            Pair = [i, -i],
            IsEven = i % 2 == 0,
        })];
    }

    public EmbedImagesEstimator Embed(EmbedImagesSettings? settings = null) =>
        Context.Transforms.EmbedImages("Embedding", nameof(Photo.ImagePath), Backbone, Cache, settings);

    /// <summary>What the embedder itself makes of these images, row by row, in a cache of its own.</summary>
    public float[][] Expected(IReadOnlyList<Photo> photos)
    {
        using var cache = EmbeddingCache.Open(_folder["reference"]);
        var set = Backbone.Embed(new Datasets.Dataset
        {
            Source = "test",
            Items = [.. photos.Select(photo => new Datasets.DatasetItem { Images = [new Datasets.ImageSource(photo.ImagePath)] })],
        }, cache);
        return [.. Enumerable.Range(0, set.Count).Select(i => set.Rows[i].ToArray())];
    }

    public void Dispose()
    {
        Backbone.Dispose();
        Cache.Dispose();
        _tiny.Dispose();
        _folder.Dispose();
    }

    public class Photo
    {
        public string ImagePath { get; set; } = "";

        public string Kind { get; set; } = "";

        public float Number { get; set; }

        [VectorType(2)]
        public float[] Pair { get; set; } = [];

        public bool IsEven { get; set; }
    }

    public sealed class Embedded : Photo
    {
        public float[] Embedding { get; set; } = [];
    }
}
