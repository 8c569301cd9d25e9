using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary><c>models list</c>: the backbones of the catalogue.</summary>
internal static class ModelsList
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "print one JSON array" };
        var command = new Command("list", "List the backbones of the catalogue: width, input, licence, whether the file is there and is the one described") { json };
        command.SetAction(parsed =>
        {
            var entries = BackboneCatalogue.Default.List();
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonArray([.. entries.Select(entry => new JsonObject
                {
                    ["name"] = entry.Description.Name,
                    ["state"] = ModelsCommand.State(entry),
                    ["file"] = entry.ModelPath,
                    ["input"] = ModelsCommand.Input(entry.Description),
                    ["embedding"] = string.Join(",", entry.Description.Embedding),
                    ["width"] = entry.Description.Width,
                    ["licence"] = entry.Description.Licence,
                    ["source"] = entry.Description.Source,
                })]));
                return ExitCode.Done;
            }

            var table = new Table().AddColumns("name", "state", "input", "embedding", "width", "licence");
            foreach (var entry in entries)
            {
                var about = entry.Description;
                table.AddRow(new[] { about.Name, ModelsCommand.State(entry), ModelsCommand.Input(about), string.Join(",", about.Embedding), $"{about.Width}", about.Licence }.Select(Markup.Escape).ToArray());
            }

            terminal.Write(table);
            return ExitCode.Done;
        });
        return command;
    }
}
