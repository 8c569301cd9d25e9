using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary><c>models check</c>: whether a backbone gives here what it gave where it was made.</summary>
internal static class ModelsCheck
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("backbone") { Description = "a name from 'models list', or the path of an .onnx with its description beside it" };
        var provider = new Option<ExecutionProvider>("--provider") { Description = "what computes: cpu, cuda, tensorrt, or auto for whichever of cuda and cpu works", DefaultValueFactory = _ => ExecutionProvider.Cpu };
        var precision = new Option<Precision>("--precision") { Description = "fp16 checks the network in half precision, which is held to a cosine of 0.999", DefaultValueFactory = _ => Precision.Fp32 };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("check", "Embed a backbone's golden image and compare with what PyTorch gave; exit code 0 only if every tap is equal up to rounding") { name, provider, precision, json };
        command.SetAction(parsed =>
        {
            var found = GoldenCheck.Run(parsed.GetValue(name)!, parsed.GetValue(provider), new() { Precision = parsed.GetValue(precision) });
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(AsJson(found));
            }
            else
            {
                Write(found, terminal);
            }

            return found.Passed ? ExitCode.Done : ExitCode.FailedWork;
        });
        return command;
    }

    public static void Write(GoldenCheck found, Terminal terminal)
    {
        var table = new Table().AddColumns("tap", "width", "largest difference", "cosine", "");
        foreach (var tap in found.Taps)
        {
            table.AddRow(
                Markup.Escape($"{tap.Name}:{tap.Pooling}"), $"{tap.Width}", tap.Difference.ToString("0.0e+0", CultureInfo.InvariantCulture),
                tap.Cosine.ToString("0.0000000", CultureInfo.InvariantCulture), found.IsNear(tap) ? "equal" : "DIFFERS");
        }

        terminal.Write(table);
        terminal.Out.WriteLine(
            $"{found.Backbone} on {found.Provider.ToString().ToLowerInvariant()} ({found.Precision}): {(found.Passed ? "gives" : "does NOT give")} its golden embedding (allowed: "
            + (double.IsFinite(found.AllowedDifference) ? $"a difference of {found.AllowedDifference.ToString("0e+0", CultureInfo.InvariantCulture)} of the tap's largest value, " : "")
            + $"a cosine of {found.LeastCosine.ToString(CultureInfo.InvariantCulture)})");
    }

    public static JsonObject AsJson(GoldenCheck found) => new()
    {
        ["backbone"] = found.Backbone,
        ["provider"] = found.Provider.ToString().ToLowerInvariant(),
        ["precision"] = found.Precision,
        ["passed"] = found.Passed,
        ["leastCosine"] = found.LeastCosine,
        ["allowedDifference"] = JsonReport.Value(found.AllowedDifference),
        ["taps"] = new JsonArray([.. found.Taps.Select(tap => new JsonObject
        {
            ["name"] = tap.Name,
            ["pooling"] = $"{tap.Pooling}",
            ["width"] = tap.Width,
            ["difference"] = JsonReport.Value(tap.Difference),
            ["cosine"] = JsonReport.Value(tap.Cosine),
            ["passed"] = found.IsNear(tap),
        })]),
    };
}
