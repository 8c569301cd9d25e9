using System.Globalization;
using System.Text.Json.Nodes;
using OnnxTransfer.Export;

namespace OnnxTransfer.Cli;

/// <summary>What quantising gave, for people and for scripts.</summary>
internal static class QuantizationText
{
    private const int MostLayers = 10;

    public static void Write(QuantizationReport report, QuantizationSettings settings, TextWriter output)
    {
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        var (agreement, speed) = (report.Agreement, report.Speed);
        Line($"cosine to fp32 on {agreement.Images} held-out images: mean {agreement.Mean:0.00000} (least allowed {settings.MinCosine}), median {agreement.Median:0.00000}, 1st percentile {agreement.FirstPercentile:0.00000}");
        Line($"mean cosine by tap: {string.Join(", ", report.Taps.Select(tap => FormattableString.Invariant($"{tap.Tap} {tap.MeanCosine:0.00000}")))}");
        if (report.Probe is { } probe)
        {
            Line($"linear probe, {probe.FitImages} images, tested on {probe.TestImages}: fp32 {probe.Accuracy:0.0000} ({probe.AccuracyInterval}), int8 {probe.OtherAccuracy:0.0000} ({probe.OtherAccuracyInterval})");
            Line($"loses {probe.Points:0.00} points (95 % interval {probe.PointsInterval.Low:0.00} to {probe.PointsInterval.High:0.00}; most allowed {settings.MaxLoss})");
        }
        else
        {
            Line($"no linear probe: {report.NoProbe}; the cosine alone decides");
        }

        Line($"speed in batches of {speed.BatchSize}: fp32 {speed.ImagesPerSecond:0.0} images/s, int8 {speed.OtherImagesPerSecond:0.0}, {speed.Ratio:0.00}x");
        if (speed.Ratio < 1)
        {
            Line($"int8 is slower than fp32 here, as narrow and depthwise convolutions are: stay with fp32, or measure again on a machine that does nothing else");
        }

        Line($"file: {report.Bytes / 1e6:0.0} MB -> {report.Int8Bytes / 1e6:0.0} MB");
        var stay = report.Layers.Where(layer => layer.Stays is not null).ToArray();
        Line($"in int8: {report.Layers.Count - stay.Length} of {report.Layers.Count} layers");
        foreach (var layer in stay.Take(MostLayers))
        {
            Line($"in fp32: '{layer.Name}' ({layer.Operator}): {layer.Stays}");
        }

        if (stay.Length > MostLayers)
        {
            Line($"in fp32: and {stay.Length - MostLayers} more");
        }

        if (report.Others.Count > 0)
        {
            Line($"in fp32, too: {string.Join(", ", report.Others.Select(pair => $"{pair.Key} x {pair.Value}"))}");
        }

        if (report.Sensitivity.Count > 0)
        {
            Line($"layers that lose most, by the 1 - cosine that their staying in fp32 gains: {string.Join(", ", report.Sensitivity.Take(MostLayers).Select(pair => FormattableString.Invariant($"{pair.Layer} {pair.Gain:0.0e+0}")))}");
        }

        if (report.Written)
        {
            Line($"{(report.Accepted ? "passed" : "NOT passed, written all the same")}: {report.Path}");
            Line($"use it: {CommandLine.Name} train IMAGES --backbone {report.Path}");
        }
    }

    public static JsonObject AsJson(QuantizationReport report, QuantizationSettings settings) => new()
    {
        ["backbone"] = report.Backbone,
        ["name"] = report.Name,
        ["file"] = report.Written ? report.Path : null,
        ["accepted"] = report.Accepted,
        ["failures"] = new JsonArray([.. report.Failures.Select(text => JsonValue.Create(text))]),
        ["calibrationImages"] = report.CalibrationImages,
        ["heldOutImages"] = report.Agreement.Images,
        ["cosineMean"] = report.Agreement.Mean,
        ["cosineMedian"] = report.Agreement.Median,
        ["cosineFirstPercentile"] = report.Agreement.FirstPercentile,
        ["cosineByTap"] = new JsonObject(report.Taps.Select(tap => KeyValuePair.Create(tap.Tap, (JsonNode?)tap.MeanCosine))),
        ["minCosine"] = settings.MinCosine,
        ["maxLoss"] = settings.MaxLoss,
        ["noProbe"] = report.NoProbe,
        ["probe"] = report.Probe is not { } probe ? null : new JsonObject
        {
            ["fitImages"] = probe.FitImages,
            ["testImages"] = probe.TestImages,
            ["accuracy"] = probe.Accuracy,
            ["accuracyLow"] = probe.AccuracyInterval.Low,
            ["accuracyHigh"] = probe.AccuracyInterval.High,
            ["int8Accuracy"] = probe.OtherAccuracy,
            ["int8AccuracyLow"] = probe.OtherAccuracyInterval.Low,
            ["int8AccuracyHigh"] = probe.OtherAccuracyInterval.High,
            ["lostPoints"] = probe.Points,
            ["lostPointsLow"] = probe.PointsInterval.Low,
            ["lostPointsHigh"] = probe.PointsInterval.High,
        },
        ["batch"] = report.Speed.BatchSize,
        ["imagesPerSecond"] = JsonReport.Rounded(report.Speed.ImagesPerSecond),
        ["int8ImagesPerSecond"] = JsonReport.Rounded(report.Speed.OtherImagesPerSecond),
        ["speedRatio"] = JsonReport.Rounded(report.Speed.Ratio),
        ["bytes"] = report.Bytes,
        ["int8Bytes"] = report.Int8Bytes,
        ["layers"] = report.Layers.Count,
        ["layersInFp32"] = new JsonArray([.. report.Layers.Where(layer => layer.Stays is not null).Select(layer => new JsonObject
        {
            ["name"] = layer.Name,
            ["operator"] = layer.Operator,
            ["why"] = layer.Stays,
        })]),
        ["othersInFp32"] = new JsonObject(report.Others.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["sensitivity"] = new JsonArray([.. report.Sensitivity.Select(pair => new JsonObject { ["name"] = pair.Layer, ["gain"] = JsonReport.Value(pair.Gain) })]),
    };
}
