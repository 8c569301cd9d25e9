using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>What the frozen part of a network gives for images, in the cache: computed once for each image and view, together with the embedding.</summary>
internal sealed class FrozenRows : IDisposable
{
    private const double GigaByte = 1e9;

    private readonly Backbone _whole;
    private readonly EmbeddingCache _cache;
    private readonly EmbedSettings _settings;
    private readonly int _taps;

    private FrozenRows(Backbone whole, int taps, EmbeddingCache cache, EmbedSettings settings) => (_whole, _taps, _cache, _settings) = (whole, taps, cache, settings);

    /// <summary>The images as they are: first the frozen tensor, then the frozen taps.</summary>
    public EmbedRun Plain { get; private set; } = null!;

    /// <summary>What it takes on the disk.</summary>
    public string Note { get; private set; } = "";

    /// <summary>Images that were computed, not found.</summary>
    public int Embedded => Plain.Report.Taps[0].Embedded;

    /// <summary>Embeds at the frozen tensor and at the taps in use, in one pass.</summary>
    /// <param name="suffix">Where the frozen part ends.</param>
    /// <param name="backbone">The backbone.</param>
    /// <param name="dataset">Images to learn from and to validate by.</param>
    /// <param name="cache">Keeps it all.</param>
    /// <param name="settings">How images are embedded.</param>
    /// <param name="views">Augmented views that will follow.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CacheException">The disk has no room for it.</exception>
    public static FrozenRows Of(
        SuffixNetwork suffix, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings settings, IReadOnlyList<AugmentedView> views, CancellationToken cancellation)
    {
        var about = backbone.Description;
        var tap = suffix.FrozenTap!;
        var entry = backbone.Entry with { Description = about with { Taps = [.. about.Taps, tap] } };
        string[] frozen = [tap.Name, .. suffix.FrozenTaps.Select(other => other.Label)];
        string[] others = [.. backbone.Taps.Select(other => other.Label).Except(frozen)];
        var whole = Backbone.Open(entry, backbone.Provider, backbone.Settings with { Taps = [.. frozen, .. others], Pooling = null, L2Normalize = false });
        var rows = new FrozenRows(whole, frozen.Length, cache, settings);
        try
        {
            rows.Note = rows.CheckDisk(dataset, views, cancellation);
            rows.Plain = Embedder.Run(whole, dataset, cache, settings, cancellation);
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>The rows at <paramref name="items"/> of <see cref="Plain"/>, and their augmented views.</summary>
    public ActivationRows Rows(int[] items, PerceptronTargets targets, double[] weights, IReadOnlyList<AugmentedView> views, CancellationToken cancellation)
    {
        var dataset = Plain.Dataset with { Items = [.. items.Select(item => Plain.Items[item])] };
        return new([new(Plain, items), .. views.Select(View)], _taps, targets, weights);

        FrozenView View(AugmentedView view)
        {
            var run = Embedder.Run(_whole, dataset, _cache, _settings with { View = view }, cancellation);
            int[] rows = [.. Enumerable.Repeat(-1, items.Length)];
            foreach (var (row, place) in run.Places.Index())
            {
                rows[place] = row;
            }

            return new(run, rows);
        }
    }

    /// <summary>Unloads the backbone of the frozen tensor; rows stay readable.</summary>
    public void Dispose() => _whole.Dispose();

    private string CheckDisk(Dataset dataset, IReadOnlyList<AugmentedView> views, CancellationToken cancellation)
    {
        var tap = _whole.Taps[0];
        int times = 1 + views.Count;
        long images = (long)dataset.ImageCount * times, row = (long)tap.Width * sizeof(float), room = Room();
        string each = FormattableString.Invariant($"{dataset.ImageCount} images{(times > 1 ? $" x {times} views" : "")} x {tap.Width} values x 4 bytes");

        // Only where not all of it would fit: to know what is there, images are read.
        if (images * row > room && MissingRows.Count(_whole, dataset, _cache, _settings, [null, .. views], cancellation) * row is var missing && missing > room)
        {
            throw new CacheException(
                FormattableString.Invariant($"{_cache.Folder}: the frozen part's values at '{tap.Tensor}' take {images * row / GigaByte:0.00} GB ({each}), of which {missing / GigaByte:0.00} GB are not there yet, ")
                + FormattableString.Invariant($"and the disk has {room / GigaByte:0.00} GB left; expected that much room: unfreeze from a later stage on, where there are fewer values, or put the cache on another disk"));
        }

        return FormattableString.Invariant($"the frozen part's values at '{tap.Tensor}' take {images * row / GigaByte:0.00} GB of the cache: {each}");
    }

    private long Room()
    {
        try
        {
            return new DriveInfo(_cache.Folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue; // not told: a full disk then fails as it is written
        }
    }
}
