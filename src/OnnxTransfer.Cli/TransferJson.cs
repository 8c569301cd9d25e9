using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer.Cli;

/// <summary>The fields of <c>evaluate --transfer --json</c>. What was left out, or failed, is null.</summary>
internal static class TransferJson
{
    public static JsonObject Of(EmbedRun run, Backbone backbone, TransferResult result, string file)
    {
        var json = JsonReport.Of(run, backbone.Description.Name);
        var measure = Measure(result);
        json["measure"] = result.MeasureName;
        json["test"] = result.TestItems;
        foreach (var (field, way) in new[] { ("scratch", TransferWay.Scratch), ("probe", TransferWay.Probe), ("fineTuned", TransferWay.FineTuned) })
        {
            var point = result.At(way);
            Put(json, field + measure, point?.Performance, point?.Interval);
            json[field + "Seconds"] = Value(point?.Seconds);
        }

        // Transfer at its best that was asked for and did not fail: fine-tuned, else the probe.
        var best = result.Compare(TransferWay.FineTuned, TransferWay.Scratch, result.Whole) is null ? TransferWay.Probe : TransferWay.FineTuned;
        json["transferOf"] = result.Compare(best, TransferWay.Scratch, result.Whole)?.Way;
        Compare(json, "transfer", result.Compare(best, TransferWay.Scratch, result.Whole));
        Compare(json, "probeTransfer", result.Compare(TransferWay.Probe, TransferWay.Scratch, result.Whole));
        Compare(json, "fineTuning", result.Compare(TransferWay.FineTuned, TransferWay.Probe, result.Whole));
        json["curve"] = new JsonArray([.. result.Points.Select(point => Point(point, result, measure))]);
        json["catchUp"] = new JsonArray([.. result.CatchUps.Select(Reach)]);
        json["labelSaving"] = new JsonArray([.. result.Savings.Select(Reach)]);
        json["sourceLoss"] = result.Points.Select(point => point.SourceLoss).FirstOrDefault(loss => loss is not null) is { } loss ? Source(loss) : null;
        json["verdict"] = Strings(result.Verdict);
        json["results"] = file;
        json["trainingsKept"] = result.Kept;
        json["trainingsMade"] = result.Made;
        return json;
    }

    // "Accuracy", "R2", "MicroF1", "MeanR2".
    private static string Measure(TransferResult result) => string.Concat(result.MeasureName.Split(' ').Select(word => $"{char.ToUpperInvariant(word[0])}{word[1..]}"));

    private static JsonObject Point(TransferPoint point, TransferResult result, string measure)
    {
        var json = new JsonObject { ["way"] = point.Way, ["share"] = point.Share, ["labels"] = point.Labels };
        Put(json, $"{char.ToLowerInvariant(measure[0])}{measure[1..]}", point.Performance, point.Interval);
        json["deviation"] = Value(point.Deviation);
        json["seconds"] = Value(point.Seconds);
        Compare(json, "transfer", result.Compare(point.Way, TransferWay.Scratch, point.Share));
        json["failure"] = point.Failure;
        json["notes"] = Strings(point.Notes);
        return json;
    }

    private static void Compare(JsonObject json, string field, TransferComparison? comparison)
    {
        Put(json, field + "Rate", comparison?.Rate, comparison?.RateInterval);
        Put(json, field + "Gain", comparison?.Gain, comparison?.GainInterval);
    }

    private static void Put(JsonObject json, string name, double? value, Interval? interval)
    {
        json[name] = Value(value);
        json[name + "Low"] = Value(interval?.Low);
        json[name + "High"] = Value(interval?.High);
    }

    private static JsonObject Reach(TransferReach reach) => new()
    {
        ["way"] = reach.Way,
        ["reaches"] = reach.Target,
        ["performance"] = JsonReport.Value(reach.Performance),
        ["labels"] = JsonReport.Value(reach.Labels),
        ["bound"] = reach.Bound switch { TransferBound.AtMost => "at most", TransferBound.MoreThan => "more than", _ => "measured" },
    };

    private static JsonObject Source(ProbeLoss loss)
    {
        var json = new JsonObject { ["train"] = loss.FitImages, ["test"] = loss.TestImages };
        Put(json, "accuracy", loss.Accuracy, loss.AccuracyInterval);
        Put(json, "fineTunedAccuracy", loss.OtherAccuracy, loss.OtherAccuracyInterval);
        Put(json, "pointsLost", loss.Points, loss.PointsInterval);
        return json;
    }

    private static JsonArray Strings(IEnumerable<string> lines) => new([.. lines.Select(line => (JsonNode?)line)]);

    private static JsonNode? Value(double? value) => value is { } number ? JsonReport.Value(number) : null;
}
