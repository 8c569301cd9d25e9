using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Writes the backbone that training made: its network, its description, and a golden embedding where the old one had one.</summary>
internal static class TunedBackbone
{
    /// <summary>The folder in a cache that new backbones lie in, and the states of trainings that are not done.</summary>
    public const string Folder = "tuned";

    /// <summary>Writes and loads it.</summary>
    /// <param name="network">Its old self.</param>
    /// <param name="suffix">What was trained of it.</param>
    /// <param name="trained">With its new weights.</param>
    /// <param name="how">How it was trained: a sentence for the description.</param>
    /// <param name="output">The file; null: one in the cache.</param>
    /// <param name="cache">The cache.</param>
    /// <exception cref="OnnxTransferException">It cannot be written, or be loaded again.</exception>
    public static Backbone Write(BackboneNetwork network, SuffixNetwork suffix, OnnxModel trained, string how, string? output, EmbeddingCache cache)
    {
        var old = network.Backbone;
        string[] taps = [.. network.Taps.Select(tap => tap.Tensor).Distinct()];
        var model = suffix.Whole(trained, taps);
        string name = output is null ? $"{old.Description.Name}-{FileName(suffix.Frozen.Part)}-tuned" : Path.GetFileNameWithoutExtension(output);
        string path = Save(model, name, output, cache);
        string descriptionPath = Path.ChangeExtension(path, ".json");
        var about = old.Description with
        {
            Name = name,
            File = Path.GetFileName(path),
            Sha256 = ModelFile.Hash(path),
            Obtain = "",
            Source = $"{old.Description.Source} {how}".Trim(),
            Taps = [.. network.Taps.Select(tap => old.Taps.FirstOrDefault(used => used.Name == tap.Name) is { } used ? tap with { Pooling = used.Pooling, Width = used.Width } : tap)],
            Embedding = [.. old.Taps.Select(tap => tap.Name).Distinct()],
            Parameters = model.ParameterCount,
            Golden = null,
        };
        about = about with { Golden = Golden(old, about, descriptionPath, path) };
        DescriptionWriter.Write(about, descriptionPath, overwrite: true);
        return Backbone.Open(
            new(BackboneDescription.Load(descriptionPath), descriptionPath, path), old.Provider, old.Settings with { Taps = [.. old.Taps.Select(tap => tap.Label)], Pooling = null });
    }

    /// <summary>Writes a network to <paramref name="output"/>, or, where that is null, to a place of its own in the cache; returns where.</summary>
    public static string Save(OnnxModel model, string name, string? output, EmbeddingCache cache)
    {
        if (output is not null)
        {
            model.Save(output);
            return output;
        }

        // Named after its content: two trainings never write one file.
        string folder = Path.Combine(cache.Folder, Folder);
        Directory.CreateDirectory(folder);
        string draft = Path.Combine(folder, $"{Guid.NewGuid():N}.onnx");
        model.Save(draft);
        string own = Path.Combine(folder, $"{name}-{ModelFile.Hash(draft)[..12]}");
        Directory.CreateDirectory(own);
        string path = Path.Combine(own, $"{name}.onnx");
        File.Move(draft, path, overwrite: true);
        return path;
    }

    // The old golden image through the new network; null where there was none.
    private static GoldenDescription? Golden(Backbone old, BackboneDescription about, string descriptionPath, string path)
    {
        if (old.Description.Golden is not { } golden || !golden.Taps.All(tap => about.Taps.Any(other => other.Name == tap.Split(':')[0])))
        {
            return null;
        }

        string image = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(old.Entry.DescriptionPath))!, golden.Image);
        if (!File.Exists(image))
        {
            return null;
        }

        string copy = $"{Path.GetFileNameWithoutExtension(path)}-golden{Path.GetExtension(image)}";
        File.Copy(image, Path.Combine(Path.GetDirectoryName(Path.GetFullPath(descriptionPath))!, copy), overwrite: true);
        using var backbone = Backbone.Open(new(about, descriptionPath, path), old.Provider, new BackboneSettings { Taps = golden.Taps, BatchSize = 1, Threads = old.Settings.Threads });
        using var buffers = backbone.CreateBuffers();
        using var pixels = ImageDecoders.Default.Decode(File.ReadAllBytes(image), image);
        backbone.Preprocessing.Apply(pixels, buffers.Image(0), image);
        backbone.Run(buffers, 1);
        return new(copy, golden.Taps, [.. Enumerable.Range(0, backbone.Taps.Count).SelectMany(tap => buffers.OutputRow(tap, 0).ToArray())]);
    }

    private static string FileName(string part) => string.Concat(part.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
}
