using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Export;

/// <summary>Holds int8 candidates against the float32 backbone they were made of, whose embeddings are computed once.</summary>
internal sealed class QuantizationGate : IDisposable
{
    // Enough for a mean cosine, on which the other taps are judged.
    private const int TapImages = 256;

    private readonly Backbone _original;
    private readonly CalibrationSplit _split;
    private readonly QuantizationSettings _settings;
    private readonly CancellationToken _cancellation;
    private readonly EmbeddingSet _fit;
    private readonly EmbeddingSet _test;
    private readonly Backbone _everyTap;
    private readonly Dataset _few;
    private readonly EmbeddingSet _taps;

    /// <param name="load">Loads the original at its own taps (null) or at others.</param>
    /// <param name="split">What is measured on.</param>
    /// <param name="cache">Keeps the original's embeddings.</param>
    /// <param name="settings">What passes.</param>
    /// <param name="cancellation">Ends the embedding.</param>
    /// <exception cref="DatasetException">Too few of the images held out can be read.</exception>
    public QuantizationGate(Func<IReadOnlyList<string>?, Backbone> load, CalibrationSplit split, EmbeddingCache cache, QuantizationSettings settings, CancellationToken cancellation)
    {
        (_split, _settings, _cancellation) = (split, settings, cancellation);
        _original = load(null);
        _everyTap = load([.. _original.Description.Taps.Select(tap => tap.Name)]);
        (_fit, _test) = (Embed(_original, split.Fit, cache), Embed(_original, split.Test, cache));
        if (_test.Count < CalibrationSplit.Fewest)
        {
            throw new DatasetException($"{split.Test.Source}: {_test.Count} images held out that can be read; expected at least {CalibrationSplit.Fewest}");
        }

        _few = split.Test with { Items = [.. split.Test.Items.Take(TapImages)] };
        _taps = Embed(_everyTap, _few, cache);
    }

    /// <summary>Loads the candidate and measures it; name, path and layers are not yet filled in.</summary>
    public QuantizationReport Measure(CandidateFolder candidate)
    {
        using var backbone = Backbone.Load(candidate.ModelPath, ExecutionProvider.Cpu, new() { Threads = _settings.Threads });
        using var everyTap = Backbone.Load(candidate.ModelPath, ExecutionProvider.Cpu, new() { Threads = _settings.Threads, Taps = [.. _everyTap.Taps.Select(tap => tap.Name)] });
        using var cache = EmbeddingCache.Open(candidate.Cache);
        _settings.Progress?.Invoke($"embedding {_split.Fit.ImageCount + _split.Test.ImageCount} images in int8");
        var (fit, test) = (Embed(backbone, _split.Fit, cache), Embed(backbone, _split.Test, cache));
        var agreement = EmbeddingAgreement.Of(_test.Rows, test.Rows);
        var probe = _split.NoProbe is null ? ProbeLoss.Measure(_fit, _test, fit, test, _settings.Seed, _cancellation) : null;
        var taps = TapCosines(Embed(everyTap, _few, cache));
        var failures = new List<string>();
        if (!(agreement.Mean >= _settings.MinCosine))
        {
            failures.Add(Text($"mean cosine {agreement.Mean:0.0000000} is below {_settings.MinCosine}"));
        }

        if (probe is not null && !(probe.Points <= _settings.MaxLoss))
        {
            failures.Add(Text($"the probe loses {probe.Points:0.00} points, more than {_settings.MaxLoss}"));
        }

        failures.AddRange(taps.Where(tap => !(tap.MeanCosine >= _settings.MinCosine)).Select(tap => Text($"mean cosine {tap.MeanCosine:0.0000000} at tap '{tap.Tap}' is below {_settings.MinCosine}")));
        return new()
        {
            Backbone = _original.Description.Name,
            Name = "",
            Path = "",
            Written = false,
            Failures = failures,
            CalibrationImages = 0,
            Agreement = agreement,
            Taps = taps,
            Probe = probe,
            NoProbe = _split.NoProbe,
            Speed = SpeedComparison.Measure(_original, backbone, _settings.SpeedRounds, _cancellation),
            Bytes = 0,
            Int8Bytes = Directory.GetFiles(Path.GetDirectoryName(candidate.ModelPath)!, "*.onnx*").Sum(file => new FileInfo(file).Length),
            Layers = [],
            Others = new Dictionary<string, int>(),
        };
    }

    public void Dispose()
    {
        _original.Dispose();
        _everyTap.Dispose();
    }

    // The taps of a file are all offered to users, and where several make the embedding the longest would hide the others.
    private List<TapCosine> TapCosines(EmbeddingSet int8)
    {
        var (found, first) = (new List<TapCosine>(), 0);
        foreach (var tap in _everyTap.Taps)
        {
            found.Add(new(tap.Name, EmbeddingAgreement.Of(_taps.OfColumns(first, tap.Width).Rows, int8.OfColumns(first, tap.Width).Rows).Mean));
            first += tap.Width;
        }

        return found;
    }

    // Images that cannot be read fail alike with both backbones.
    private EmbeddingSet Embed(Backbone backbone, Dataset dataset, EmbeddingCache cache) => dataset.Items.Count == 0
        ? new() { Rows = new Numerics.Matrix(0, backbone.Width) }
        : Embedder.Run(backbone, dataset, cache, new() { MaxFailures = null, Progress = _settings.EmbedProgress }, _cancellation).ToSet();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
