using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Heads.FineTuning;

/// <summary>What the frozen part of a network gives for images, in the cache: computed once for each, together with the embedding.</summary>
/// <param name="Views">A run of the embedder for each view: first the frozen tensor, then the frozen taps.</param>
/// <param name="Embedding">The run of the backbone's own taps, for the head that is fitted first.</param>
/// <param name="Embedded">Images of the first view that were computed.</param>
/// <param name="Note">What it takes on the disk.</param>
internal sealed record FrozenRows(IReadOnlyList<EmbedRun> Views, EmbedRun Embedding, int Embedded, string Note)
{
    private const double GigaByte = 1e9;

    /// <summary>Embeds at the frozen tensor and at the taps in use, in one pass.</summary>
    /// <exception cref="CacheException">The disk has no room for it.</exception>
    public static FrozenRows Of(
        SuffixNetwork suffix, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings settings, CancellationToken cancellation)
    {
        var about = backbone.Description;
        var tap = suffix.FrozenTap!;
        var entry = backbone.Entry with { Description = about with { Taps = [.. about.Taps, tap] } };
        string[] frozen = [tap.Name, .. suffix.FrozenTaps.Select(other => other.Label)];
        string[] others = [.. backbone.Taps.Select(other => other.Label).Except(frozen)];
        using var whole = Backbone.Open(entry, backbone.Provider, backbone.Settings with { Taps = [.. frozen, .. others], Pooling = null, L2Normalize = false });
        string note = CheckDisk(whole, dataset, cache);
        var run = Embedder.Run(whole, dataset, cache, settings, cancellation);
        var embedding = Embedder.Run(backbone, dataset, cache, settings with { Progress = null }, cancellation);
        return new([run], embedding, run.Report.Taps[0].Embedded, note);
    }

    private static string CheckDisk(Backbone whole, Dataset dataset, EmbeddingCache cache)
    {
        var tap = whole.Taps[0];
        long there = cache.Spaces().Where(space => space.Identity.Computation == tap.Identity && space.Identity.BackboneSha256 == whole.Sha256).Sum(space => (long)space.Count);
        long row = (long)tap.Width * sizeof(float), missing = Math.Max(0, dataset.ImageCount - there) * row, room = Room(cache.Folder);
        if (missing > room)
        {
            throw new CacheException(FormattableString.Invariant(
                $"{cache.Folder}: {dataset.ImageCount} images x {tap.Width} values at '{tap.Tensor}' x 4 bytes take {dataset.ImageCount * row / GigaByte:0.0} GB, of which {missing / GigaByte:0.0} GB are not there yet, ")
                + FormattableString.Invariant($"and the disk has {room / GigaByte:0.0} GB left; expected that much room: unfreeze from a later stage on, where there are fewer values, or put the cache on another disk"));
        }

        return FormattableString.Invariant(
            $"the frozen part's values at '{tap.Tensor}' take {dataset.ImageCount * row / GigaByte:0.00} GB of the cache: {dataset.ImageCount} images x {tap.Width} values x 4 bytes");
    }

    private static long Room(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue; // not told: a full disk then fails as it is written
        }
    }
}
