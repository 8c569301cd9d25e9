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
        var images = dataset.Items.SelectMany(item => item.Images).ToArray();
        var spaces = new SpaceSet(cache, backbone);
        using var pipeline = new EmbedPipeline(backbone, cache, spaces, images, settings);
        using (Watch(pipeline, images.Length, clock, settings.Progress))
        {
            pipeline.Run(cancellation);
        }

        var failures = Failures(pipeline, spaces, images);
        Check(images, failures, settings);
        var seconds = clock.Elapsed.TotalSeconds;
        return new EmbedRun(dataset, backbone, spaces, pipeline.Results, ContentOf(pipeline.Results), new EmbedReport
        {
            Images = images.Length,
            Embedded = pipeline.Embedded,
            Runs = pipeline.Runs,
            FromCache = images.Length - pipeline.Embedded - failures.Count,
            Taps = [.. backbone.Taps.Zip(pipeline.EmbeddedByTap, (tap, embedded) => new TapWork(tap.Label, embedded, images.Length - embedded - failures.Count))],
            Failures = failures,
            Seconds = seconds,
            Stages = pipeline.Work(seconds),
            Division = pipeline.Division(),
            Bottleneck = pipeline.Bottleneck(seconds),
            Provider = backbone.Provider.ToString().ToLowerInvariant(),
            Decoders = pipeline.Results.Where(result => result.Decoder is not null).CountBy(result => result.Decoder).ToDictionary(StringComparer.Ordinal),
            Leaks = Leakage.Find(dataset, pipeline.Results.Select(result => result.Decoder is null ? (ContentKey?)null : result.Key)),
        });
    }

    // In data set order; an image whose twin failed has failed with it.
    private static List<EmbedFailure> Failures(EmbedPipeline pipeline, SpaceSet spaces, ImageSource[] images)
    {
        var failures = new List<EmbedFailure>();
        for (var i = 0; i < images.Length; i++)
        {
            if (pipeline.Failures.TryGetValue(i, out var reason))
            {
                failures.Add(new EmbedFailure(images[i].Name, reason));
            }
            else if (pipeline.Results[i] is { Decoder: not null } result && !spaces.Has(result))
            {
                failures.Add(new EmbedFailure(images[i].Name, $"{images[i].Name}: its content is that of another image of this run, which failed"));
            }
        }

        return failures;
    }

    private static string ContentOf(IReadOnlyList<ImageIdentity> results)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> key = stackalloc byte[ContentKey.Size];
        foreach (var result in results)
        {
            result.Key.Write(key);
            hash.AppendData(key);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Check(ImageSource[] images, List<EmbedFailure> failures, EmbedSettings settings)
    {
        if (failures.Count > 0 && (failures.Count == images.Length || failures.Count > settings.MaxFailures))
        {
            var allowed = failures.Count == images.Length ? "" : $", {settings.MaxFailures} are allowed";
            throw new TooManyFailuresException(
                $"{failures.Count} of {images.Length} images failed{allowed}; the first: {failures[0].Reason}. What was embedded is kept; mend or remove the images, or allow more failures", failures);
        }
    }

    private static Timer? Watch(EmbedPipeline pipeline, int images, Stopwatch clock, IProgress<EmbedProgress>? progress) => progress is null
        ? null
        : new Timer(
            _ => progress.Report(new EmbedProgress(images, pipeline.Embedded, pipeline.FromCache, pipeline.Failures.Count, clock.Elapsed)),
            null, 500, 500);
}
