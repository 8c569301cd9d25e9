using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Export;

/// <summary>Makes an int8 backbone of a float32 one, and lets it pass only where its embeddings are as good.</summary>
public static class BackboneQuantization
{
    // Images that tell which layers lose most.
    private const int SensitivityImages = 32;

    /// <summary>
    /// Calibrates on images of <paramref name="dataset"/>, writes the int8 network and holds it against the float32 one on
    /// images held out: the mean cosine of their embeddings, and the accuracy that a linear probe loses. Only one that passes
    /// is left at <paramref name="path"/>, its description beside it: then it is a backbone like any other, with the same
    /// taps. Everything is computed on the CPU.
    /// </summary>
    /// <param name="backbone">The float32 backbone, by name or path as for <see cref="Backbone.Load"/>.</param>
    /// <param name="dataset">Images like those to be embedded; labelled, for the probe.</param>
    /// <param name="cache">Keeps the float32 embeddings that are measured with.</param>
    /// <param name="path">The .onnx file to write, which must not be there.</param>
    /// <param name="settings">How; null: the defaults.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>; nothing is written then.</param>
    /// <returns>What was measured, passed or not; <see cref="QuantizationReport.Written"/> says which.</returns>
    /// <exception cref="OnnxTransferException">The backbone cannot be quantised, there are too few images, or a file cannot be written.</exception>
    public static QuantizationReport Quantize(
        string backbone, Dataset dataset, EmbeddingCache cache, string path, QuantizationSettings? settings = null, CancellationToken cancellation = default)
    {
        settings ??= new QuantizationSettings();
        Check(path, settings);
        var quantizer = BackboneQuantizer.Open(backbone, settings.Catalogue, settings.Threads);
        var keep = Named(settings.Keep, quantizer.Plan);
        _ = Int8Plan.Of(quantizer.Plan.Model, keep);
        var split = CalibrationSplit.Of(dataset, settings);
        settings.Progress?.Invoke($"calibrating on {split.Calibration.Count} images, {split.Test.ImageCount} held out");
        var images = CalibrationImages.Read(split.Calibration, quantizer.Description, settings.Progress, cancellation);
        quantizer.Calibrate(images, settings.Method, cancellation);

        settings.Progress?.Invoke($"embedding {split.Fit.ImageCount + split.Test.ImageCount} images in fp32");
        using var gate = new QuantizationGate(
            taps => Backbone.Load(backbone, ExecutionProvider.Cpu, new() { Catalogue = settings.Catalogue, Threads = settings.Threads, Taps = taps }), split, cache, settings, cancellation);
        var report = Try(keep, [], settings.Force && !settings.KeepWorst);
        if (!report.Accepted && settings.KeepWorst)
        {
            settings.Progress?.Invoke($"{string.Join("; ", report.Failures)}: looking for the layers that lose most");
            var worst = quantizer.Sensitivity([.. images.Take(SensitivityImages)], settings.Method, settings.Percentile, keep, settings.ReduceRange, cancellation);
            report = report with { Sensitivity = worst };
            for (var count = 1; count < worst.Count && !report.Accepted; count *= 2)
            {
                settings.Progress?.Invoke($"keeping {string.Join(", ", worst.Take(count).Select(w => w.Layer))} in fp32");
                report = Try([.. keep, .. worst.Take(count).Select(w => w.Layer)], worst, force: false);
            }

            report = report.Written || !settings.Force ? report : Try(keep, worst, force: true);
        }

        return report;

        QuantizationReport Try(string[] kept, IReadOnlyList<(string, double)> sensitivity, bool force)
        {
            cancellation.ThrowIfCancellationRequested();
            var (full, name) = (Path.GetFullPath(path), settings.Name ?? Path.GetFileNameWithoutExtension(path));
            using var bench = new CandidateFolder(full);
            var network = quantizer.Convert(settings.Method, settings.Percentile, kept, settings.ReduceRange);
            quantizer.Write(network, bench.ModelPath, name, How(images.Count, settings, kept.Length));
            var found = gate.Measure(bench) with
            {
                Name = name,
                Path = path,
                CalibrationImages = images.Count,
                Bytes = new FileInfo(quantizer.ModelPath).Length,
                Layers = Int8Plan.Of(quantizer.Plan.Model, kept).Layers,
                Others = Int8Plan.Of(quantizer.Plan.Model, kept).Others,
                Sensitivity = sensitivity,
            };
            if (found.Accepted || force)
            {
                bench.Move(full);
                return found with { Written = true };
            }

            return found;
        }
    }

    private static void Check(string path, QuantizationSettings settings)
    {
        if (!path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new BackboneException($"{path}: is to hold an ONNX network; expected a name that ends in .onnx, beside which the description goes");
        }

        if (new[] { path, Path.ChangeExtension(path, ".json") }.FirstOrDefault(File.Exists) is { } there)
        {
            throw new BackboneException($"{there}: is there already; expected none: delete it, or write elsewhere");
        }

        if (settings.Percentile is not (> 50 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(settings), settings.Percentile, "expected a percentile above 50, up to 100");
        }
    }

    private static string[] Named(IReadOnlyList<string> keep, Int8Plan plan)
    {
        string[] layers = [.. plan.Layers.Where(layer => layer.Stays is null && layer.Operator != "BatchNormalization").Select(layer => layer.Name)];
        return [.. keep.Select(name => name switch { QuantizationSettings.First => layers[0], QuantizationSettings.Last => layers[^1], _ => name }).Distinct()];
    }

    private static string How(int images, QuantizationSettings settings, int kept)
    {
        var method = settings.Method switch
        {
            CalibrationMethod.MinMax => "min-max",
            CalibrationMethod.Entropy => "entropy",
            _ => FormattableString.Invariant($"percentile {settings.Percentile}"),
        };
        return $"Quantised to int8 by OnnxTransfer: ranges by {method} of {images} images{(settings.ReduceRange ? ", weights of 7 bits" : "")}{(kept > 0 ? $", {kept} layer(s) kept in float32" : "")}.";
    }
}
