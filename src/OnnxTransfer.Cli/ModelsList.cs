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
        var command = new Command("list", "List the backbones of the catalogue: width, input, licence, whether the file is missing (and the command that gets it), present without a hash to hold it against, verified by its hash, or of another hash") { json };
        command.SetAction(parsed =>
        {
            var entries = BackboneCatalogue.Default.List().Select(entry => (entry.Description, entry.ModelPath, State: ModelsCommand.State(terminal, entry))).ToArray();
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonArray([.. entries.Select(entry => new JsonObject
                {
                    ["name"] = entry.Description.Name,
                    ["state"] = entry.State,
                    ["file"] = entry.ModelPath,
                    ["obtain"] = entry.Description.Obtain is { Length: > 0 } command ? command : null,
                    ["input"] = ModelsCommand.Input(entry.Description),
                    ["embedding"] = string.Join(",", entry.Description.Embedding),
                    ["width"] = entry.Description.Width,
                    ["licence"] = entry.Description.Licence,
                    ["source"] = entry.Description.Source,
                })]));
                return ExitCode.Done;
            }

            var table = new Table().AddColumns("name", "state", "input", "embedding", "width", "licence");
            foreach (var (about, _, state) in entries)
            {
                table.AddRow(new[] { about.Name, state, ModelsCommand.Input(about), string.Join(",", about.Embedding), $"{about.Width}", about.Licence }.Select(Markup.Escape).ToArray());
            }

            terminal.Write(table);
            foreach (var (about, _, _) in entries.Where(entry => entry.State == "missing"))
            {
                terminal.Out.WriteLine($"{about.Name}: {(about.Obtain is { Length: > 0 } command ? command : $"from {about.Source}")}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
