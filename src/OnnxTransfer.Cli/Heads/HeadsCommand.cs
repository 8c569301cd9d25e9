using System.CommandLine;
using Spectre.Console;

namespace OnnxTransfer.Cli.Heads;

/// <summary><c>heads</c>: what <c>train --head</c> can name, and the settings of each.</summary>
internal static class HeadsCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string?>("head") { Description = "show this head's settings", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("heads", "List the heads that 'train --head' can name, or the settings of one, which '--set NAME=VALUE' gives") { name };
        command.SetAction(parsed => Run(parsed.GetValue(name)));
        return command;

        int Run(string? head)
        {
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
            foreach (var setting in found.Settings)
            {
                terminal.Out.WriteLine($"  --set {setting.Name}=...  {setting.About} (default: {setting.Default})");
            }

            if (found.HasL2)
            {
                terminal.Out.WriteLine("  --l2 ...  the penalty (default: chosen on validation)");
            }

            return ExitCode.Done;
        }
    }

    private static IEnumerable<string> Names(HeadKind kind) => (kind.HasL2 ? ["--l2"] : Array.Empty<string>()).Concat(kind.Settings.Select(setting => setting.Name));
}
