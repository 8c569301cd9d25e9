using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary><c>models inspect</c>: what one backbone is made of.</summary>
internal static class ModelsInspect
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("backbone") { Description = "a name from 'models list', or the path of an .onnx with its description beside it" };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("inspect", "Show a backbone: its taps, its preprocessing, its operators, where it came from") { name, json };
        command.SetAction(parsed =>
        {
            var entry = BackboneCatalogue.Default.Find(parsed.GetValue(name)!);
            var about = entry.Description;
            var model = OnnxModel.Load(entry.ModelPath);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(AsJson(terminal, entry, model));
                return ExitCode.Done;
            }

            terminal.Out.WriteLine($"{about.Name} ({ModelsCommand.State(terminal, entry)}): {about.Source}");
            terminal.Out.WriteLine($"licence: {about.Licence}");
            terminal.Out.WriteLine($"file: {entry.ModelPath}, sha256 {about.Sha256}");
            terminal.Out.WriteLine($"input: {ModelsCommand.Input(about)}, {about.Preprocessing.Pixels.Signature}, mean {string.Join(' ', about.Preprocessing.Mean)}, std {string.Join(' ', about.Preprocessing.Std)}");
            terminal.Out.WriteLine($"operators: {string.Join(", ", model.Operators.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}"))} (operator set {model.Opset})");
            terminal.Out.WriteLine($"parameters: {about.Parameters:#,0}, multiply-adds an image: {about.Macs:#,0}");
            var table = new Table().AddColumns("tap", "tensor", "shape", "pooling", "width", "in the embedding");
            foreach (var tap in about.Taps)
            {
                table.AddRow(new[] { tap.Name, tap.Tensor, string.Join('x', tap.Shape), $"{tap.Pooling}", $"{tap.Width}", about.Embedding.Contains(tap.Name) ? "yes" : "" }.Select(Markup.Escape).ToArray());
            }

            terminal.Write(table);
            return ExitCode.Done;
        });
        return command;
    }

    private static JsonObject AsJson(Terminal terminal, CatalogueEntry entry, OnnxModel model)
    {
        var about = entry.Description;
        return new JsonObject
        {
            ["name"] = about.Name,
            ["state"] = ModelsCommand.State(terminal, entry),
            ["file"] = entry.ModelPath,
            ["sha256"] = about.Sha256,
            ["source"] = about.Source,
            ["licence"] = about.Licence,
            ["input"] = ModelsCommand.Input(about),
            ["preprocessing"] = about.Preprocessing.Pixels.Signature,
            ["taps"] = new JsonArray([.. about.Taps.Select(tap => new JsonObject
            {
                ["name"] = tap.Name,
                ["tensor"] = tap.Tensor,
                ["pooling"] = $"{tap.Pooling}",
                ["width"] = tap.Width,
            })]),
            ["embedding"] = string.Join(",", about.Embedding),
            ["parameters"] = about.Parameters,
            ["macs"] = about.Macs,
            ["operators"] = new JsonObject(model.Operators.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            ["opset"] = model.Opset,
        };
    }
}
