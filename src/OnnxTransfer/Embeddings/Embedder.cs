using System.Diagnostics;
using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Embeddings;

/// <summary>Embeds data sets: computes what the cache lacks, finds the rest.</summary>
public static class Embedder
{
    /// <summary>The embeddings of <paramref name="dataset"/>, from the cache where it has them.</summary>
    /// <exception cref="OnnxTransferException">No image could be embedded, the cache cannot be written, the runtime failed.</exception>
    public static EmbeddingSet Embed(
        this Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings? settings = null, CancellationToken cancellation = default) =>
        Run(backbone, dataset, cache, settings, cancellation).ToSet();

    /// <summary>Embeds <paramref name="dataset"/> and reports what was done.</summary>
    /// <exception cref="TooManyFailuresException">More images failed than the settings allow, or all of them.</exception>
    /// <exception cref="CacheException">The cache cannot be read or written; what was finished before is kept.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was embedded until then is kept.</exception>
    public static EmbedRun Run(
        Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings? settings = null, CancellationToken cancellation = default)
    {
        settings ??= new EmbedSettings();
        var clock = Stopwatch.StartNew();
        var images = new DatasetImages(dataset.Items);
        var spaces = new SpaceSet(cache, backbone, settings.View);
        using var pipeline = new EmbedPipeline(backbone, cache, spaces, images, settings);
        using (Watch(pipeline, images.Count, clock, settings.Progress))
        {
            pipeline.Run(cancellation);
        }

        var places = new RunPlaces(spaces.For, pipeline.Results, backbone.Taps.Count);
        var failures = Failures(pipeline, places, images);
        Check(images, failures, settings);
        var seconds = clock.Elapsed.TotalSeconds;
        return new EmbedRun(dataset, backbone, places, pipeline.Results, images, ContentOf(pipeline.Results), new EmbedReport
        {
            Images = images.Count,
            Embedded = pipeline.Embedded,
            Runs = pipeline.Runs,
            FromCache = images.Count - pipeline.Embedded - failures.Count,
            Duplicates = Enumerable.Range(0, images.Count).Count(i => places.Has(i) && pipeline.IsTwin(i)),
            Taps = [.. backbone.Taps.Zip(pipeline.EmbeddedByTap, (tap, embedded) => new TapWork(tap.Label, embedded, images.Count - embedded - failures.Count))],
            Failures = failures,
            Seconds = seconds,
            Stages = pipeline.Work(seconds),
            Division = pipeline.Division(),
            Bottleneck = pipeline.Bottleneck(seconds),
            Provider = backbone.Provider.ToString().ToLowerInvariant(),
            Decoders = DecodersOf(pipeline.Results),
            Leaks = Leakage.Find(dataset, pipeline.Results.Select(result => result.Decoder is null ? (ContentKey?)null : result.Key)),
        });
    }

    // In data set order; an image whose twin failed has failed with it.
    private static List<EmbedFailure> Failures(EmbedPipeline pipeline, RunPlaces places, DatasetImages images)
    {
        var failures = new List<EmbedFailure>();
        for (var i = 0; i < images.Count; i++)
        {
            if (places.Has(i))
            {
                continue;
            }

            if (pipeline.Failures.TryGetValue(i, out var reason))
            {
                failures.Add(new EmbedFailure(images[i].Name, reason));
            }
            else if (pipeline.Results[i].Decoder is not null)
            {
                failures.Add(new EmbedFailure(images[i].Name, $"{images[i].Name}: its content is that of another image of this run, which failed"));
            }
        }

        return failures;
    }

    private static Dictionary<string, int> DecodersOf(ImageIdentity[] results)
    {
        // Neighbours mostly have one decoder: its name is looked up once for all of them.
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int first = 0, next; first < results.Length; first = next)
        {
            for (next = first + 1; next < results.Length && ReferenceEquals(results[next].Decoder, results[first].Decoder); next++)
            {
            }

            if (results[first].Decoder is { } decoder)
            {
                counts[decoder] = counts.GetValueOrDefault(decoder) + next - first;
            }
        }

        return counts;
    }

    private static string ContentOf(ImageIdentity[] results)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> keys = stackalloc byte[64 * ContentKey.Size];
        foreach (var block in results.Chunk(64))
        {
            for (var i = 0; i < block.Length; i++)
            {
                block[i].Key.Write(keys[(i * ContentKey.Size)..]);
            }

            hash.AppendData(keys[..(block.Length * ContentKey.Size)]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Check(DatasetImages images, List<EmbedFailure> failures, EmbedSettings settings)
    {
        if (failures.Count > 0 && (failures.Count == images.Count || failures.Count > settings.MaxFailures))
        {
            var allowed = failures.Count == images.Count ? "" : $", {settings.MaxFailures} are allowed";
            throw new TooManyFailuresException(
                $"{failures.Count} of {images.Count} images failed{allowed}; the first: {failures[0].Reason}. What was embedded is kept; mend or remove the images, or allow more failures", failures);
        }
    }

    private static Timer? Watch(EmbedPipeline pipeline, int images, Stopwatch clock, IProgress<EmbedProgress>? progress) => progress is null
        ? null
        : new Timer(
            _ => progress.Report(new EmbedProgress(images, pipeline.Embedded, pipeline.FromCache, pipeline.Failures.Count, clock.Elapsed)),
            null, 500, 500);
}
