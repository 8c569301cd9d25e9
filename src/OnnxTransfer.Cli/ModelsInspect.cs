using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary><c>models inspect</c>: what one network is made of, described or not.</summary>
internal static class ModelsInspect
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("backbone") { Description = "a name from 'models list', or the path of any .onnx file, described or not" };
        var batch = new Option<int>("--batch") { Description = "images per run that memory is reckoned for", DefaultValueFactory = _ => 8 };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("inspect", "Show a network: its input, taps, operators, multiply-adds and memory, and what will be slow") { name, batch, json };
        command.SetAction(parsed =>
        {
            var found = BackboneInspection.Of(parsed.GetValue(name)!, EmbedOptions.Positive(parsed, batch, 1));
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(AsJson(terminal, found));
            }
            else
            {
                Print(terminal, found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    public static JsonObject Input(InputDescription input, ElementType type) => new()
    {
        ["tensor"] = input.Tensor,
        ["layout"] = input.Layout.ToString().ToUpperInvariant(),
        ["height"] = input.Height,
        ["width"] = input.Width,
        ["channels"] = input.Channels.ToString().ToUpperInvariant(),
        ["type"] = type.ToString().ToLowerInvariant(),
    };

    /// <summary>"dynamic", or the number of images that is fixed.</summary>
    public static JsonNode Batch(int batch) => batch > 0 ? JsonValue.Create(batch) : JsonValue.Create("dynamic");

    public static JsonArray Taps(IReadOnlyList<TapDescription> taps) => new([.. taps.Select(tap => new JsonObject
    {
        ["name"] = tap.Name,
        ["tensor"] = tap.Tensor,
        ["shape"] = new JsonArray([.. tap.Shape.Select(d => JsonValue.Create(d))]),
        ["pooling"] = $"{tap.Pooling}",
        ["width"] = tap.Width,
    })]);

    public static Table Table(IReadOnlyList<TapDescription> taps, IReadOnlyList<string> embedding)
    {
        var table = new Table().AddColumns("tap", "tensor", "shape", "pooling", "width", "in the embedding");
        foreach (var tap in taps)
        {
            table.AddRow(new[] { tap.Name, tap.Tensor, string.Join('x', tap.Shape), $"{tap.Pooling}", $"{tap.Width}", embedding.Contains(tap.Name) ? "yes" : "" }.Select(Markup.Escape).ToArray());
        }

        return table;
    }

    private static void Print(Terminal terminal, BackboneInspection found)
    {
        if (found.Entry is { Description: var about } entry)
        {
            terminal.Out.WriteLine($"{about.Name} ({ModelsCommand.State(terminal, entry)}): {about.Source}");
            terminal.Out.WriteLine($"licence: {about.Licence}");
            terminal.Out.WriteLine($"file: {entry.ModelPath}, sha256 {(about.Sha256.Length > 0 ? about.Sha256 : "not said")}");
            terminal.Out.WriteLine($"preprocessing: {about.Preprocessing.Pixels.Signature}, mean {string.Join(' ', about.Preprocessing.Mean)}, std {string.Join(' ', about.Preprocessing.Std)}");
        }
        else
        {
            terminal.Out.WriteLine($"{found.ModelPath}: {(found.IsFused ? "a fused model, from pixels to answer" : found.Proposed is null ? "an ONNX graph" : "not described yet; the taps are those that 'models import' would propose")}");
        }

        if (found.Input is { } input)
        {
            terminal.Out.WriteLine($"input: {found.ElementType.ToString().ToLowerInvariant()} '{input.Tensor}', {input.Layout.ToString().ToUpperInvariant()}, {input.Height}x{input.Width} {input.Channels.ToString().ToUpperInvariant()}");
        }
        else if (found.Model is { } graph)
        {
            terminal.Out.WriteLine($"inputs: {string.Join(", ", graph.Inputs)}");
        }

        terminal.Out.WriteLine(found.FileBatch == 0 ? "batch: dynamic"
            : $"batch: fixed at {found.FileBatch}{(found.ActivationBatch != found.FileBatch || found.Input is { Batch: 0 } ? ", made dynamic when it is loaded" : "")}");
        if (found.Model is { } model)
        {
            terminal.Out.WriteLine($"operators: {string.Join(", ", model.Operators.Select(pair => $"{pair.Key} {pair.Value}"))} (operator set {model.Opset})");
        }

        terminal.Out.WriteLine($"parameters: {found.Parameters:#,0}, multiply-adds an image: {found.Macs:#,0}");
        if (found.Model is not null)
        {
            terminal.Out.WriteLine($"activation memory: {found.ActivationBytes / 1e6:#,0.0} MB for a batch of {found.ActivationBatch}");
        }

        if (found.Taps.Count > 0)
        {
            terminal.Write(Table(found.Taps, found.Embedding));
        }

        foreach (var warning in found.Warnings)
        {
            terminal.Out.WriteLine($"warning: {warning}");
        }
    }

    private static JsonObject AsJson(Terminal terminal, BackboneInspection found)
    {
        var about = found.Entry?.Description;
        return new JsonObject
        {
            ["name"] = about?.Name,
            ["state"] = found.Entry is { } entry ? ModelsCommand.State(terminal, entry) : found.IsFused ? "fused" : "not described",
            ["file"] = found.ModelPath,
            ["sha256"] = about?.Sha256,
            ["source"] = about?.Source,
            ["licence"] = about?.Licence,
            ["input"] = found.Input is { } input ? Input(input, found.ElementType) : null,
            ["batch"] = Batch(found.FileBatch),
            ["preprocessing"] = about?.Preprocessing.Pixels.Signature,
            ["taps"] = Taps(found.Taps),
            ["embedding"] = string.Join(",", found.Embedding),
            ["parameters"] = found.Parameters,
            ["macs"] = found.Macs,
            ["operators"] = new JsonObject((found.Model?.Operators ?? new Dictionary<string, int>()).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            ["opset"] = found.Model?.Opset,
            ["activationBytes"] = found.ActivationBytes,
            ["activationBatch"] = found.ActivationBatch,
            ["warnings"] = new JsonArray([.. found.Warnings.Select(warning => JsonValue.Create(warning))]),
        };
    }
}
