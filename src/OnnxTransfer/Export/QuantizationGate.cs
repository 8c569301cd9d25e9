using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Export;

/// <summary>Holds int8 candidates against the float32 backbone they were made of, whose embeddings are computed once.</summary>
internal sealed class QuantizationGate
{
    private readonly Backbone _original;
    private readonly CalibrationSplit _split;
    private readonly QuantizationSettings _settings;
    private readonly CancellationToken _cancellation;
    private readonly EmbeddingSet _fit;
    private readonly EmbeddingSet _test;

    public QuantizationGate(Backbone original, CalibrationSplit split, EmbeddingCache cache, QuantizationSettings settings, CancellationToken cancellation)
    {
        (_original, _split, _settings, _cancellation) = (original, split, settings, cancellation);
        (_fit, _test) = (Embed(original, split.Fit, cache), Embed(original, split.Test, cache));
    }

    /// <summary>Loads the candidate and measures it; name, path and layers are not yet filled in.</summary>
    public QuantizationReport Measure(CandidateFolder candidate)
    {
        using var backbone = Backbone.Load(candidate.ModelPath, ExecutionProvider.Cpu, new() { Threads = _settings.Threads });
        using var cache = EmbeddingCache.Open(candidate.Cache);
        _settings.Progress?.Invoke($"embedding {_split.Fit.ImageCount + _split.Test.ImageCount} images in int8");
        var (fit, test) = (Embed(backbone, _split.Fit, cache), Embed(backbone, _split.Test, cache));
        var agreement = EmbeddingAgreement.Of(_test.Rows, test.Rows);
        var probe = _split.NoProbe is null ? ProbeLoss.Measure(_fit, _test, fit, test, _settings.Seed, _cancellation) : null;
        var failures = new List<string>();
        if (!(agreement.Mean >= _settings.MinCosine))
        {
            failures.Add(Text($"mean cosine {agreement.Mean:0.0000000} is below {_settings.MinCosine}"));
        }

        if (probe is not null && !(probe.Points <= _settings.MaxLoss))
        {
            failures.Add(Text($"the probe loses {probe.Points:0.00} points, more than {_settings.MaxLoss}"));
        }

        return new()
        {
            Backbone = _original.Description.Name,
            Name = "",
            Path = "",
            Written = false,
            Failures = failures,
            CalibrationImages = 0,
            Agreement = agreement,
            Probe = probe,
            NoProbe = _split.NoProbe,
            Speed = SpeedComparison.Measure(_original, backbone, _settings.SpeedRounds, _cancellation),
            Bytes = 0,
            Int8Bytes = Directory.GetFiles(Path.GetDirectoryName(candidate.ModelPath)!, "*.onnx*").Sum(file => new FileInfo(file).Length),
            Layers = [],
            Others = new Dictionary<string, int>(),
        };
    }

    // Images that cannot be read fail alike with both backbones.
    private EmbeddingSet Embed(Backbone backbone, Dataset dataset, EmbeddingCache cache) => dataset.Items.Count == 0
        ? new() { Rows = new Numerics.Matrix(0, backbone.Width) }
        : Embedder.Run(backbone, dataset, cache, new() { MaxFailures = null, Progress = _settings.EmbedProgress }, _cancellation).ToSet();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
