using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace OnnxTransfer.Cli.Heads;

/// <summary><c>heads</c>: what <c>train --head</c> can name, and the settings of each.</summary>
internal static class HeadsCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string?>("head") { Description = "show this head's settings", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "print one JSON array" };
        var command = new Command("heads", "List the heads that 'train --head' can name, or the settings of one, which '--set NAME=VALUE' gives") { name, json };
        command.SetAction(parsed => Run(parsed.GetValue(name), parsed.GetValue(json)));
        return command;

        int Run(string? head, bool asJson)
        {
            if (asJson)
            {
                terminal.WriteJson(new JsonArray([.. (head is null ? HeadKinds.All : [HeadKinds.ByName(head)]).Select(AsJson)]));
                return ExitCode.Done;
            }

            if (head?.StartsWith(MlNetHeads.Prefix, StringComparison.Ordinal) == true)
            {
                terminal.Out.WriteLine(MlNetHeads.About);
                WriteSettings(MlNetHeads.Settings);
                return ExitCode.Done;
            }

            if (head is null)
            {
                var table = new Table().AddColumns("head", "answers", "what it is", "settings");
                foreach (var kind in HeadKinds.All)
                {
                    table.AddRow(kind.Name, string.Join(", ", kind.Tasks).ToLowerInvariant(), kind.About, string.Join(", ", Names(kind)));
                }

                terminal.Write(table);
                terminal.Out.WriteLine(MlNetHeads.About);
                return ExitCode.Done;
            }

            var found = HeadKinds.ByName(head);
            terminal.Out.WriteLine($"{found.Name}: {found.About}");
            WriteSettings(found.Settings);
            if (found.HasL2)
            {
                terminal.Out.WriteLine("  --l2 ...  the penalty (default: chosen on validation)");
            }

            return ExitCode.Done;
        }

        void WriteSettings(IEnumerable<HeadSetting> settings)
        {
            foreach (var setting in settings)
            {
                terminal.Out.WriteLine($"  --set {setting.Name}=...  {setting.About} (default: {setting.Default})");
            }
        }
    }

    private static JsonNode AsJson(HeadKind kind) => new JsonObject
    {
        ["head"] = kind.Name,
        ["about"] = kind.About,
        ["answers"] = new JsonArray([.. kind.Tasks.Select(task => (JsonNode?)task.ToString().ToLowerInvariant())]),
        ["l2"] = kind.HasL2,
        ["settings"] = new JsonArray([.. kind.Settings.Select(setting => new JsonObject { ["name"] = setting.Name, ["about"] = setting.About, ["default"] = setting.Default })]),
    };

    private static IEnumerable<string> Names(HeadKind kind) => (kind.HasL2 ? ["--l2"] : Array.Empty<string>()).Concat(kind.Settings.Select(setting => setting.Name));
}
