using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using OnnxTransfer.Cli.Heads;

namespace OnnxTransfer.Cli;

/// <summary>The verbs, and what every one of them shares: errors as messages, exit codes, Ctrl-C.</summary>
internal static class CommandLine
{
    public const string Name = "onnxtransfer";

    private static readonly (string Name, Func<Terminal, Command> Create)[] AllVerbs =
    [
        ("models", ModelsCommand.Create),
        ("embed", EmbedCommand.Create),
        ("train", TrainCommand.Create),
        ("heads", HeadsCommand.Create),
        ("evaluate", EvaluateCommand.Create),
        ("predict", PredictCommand.Create),
        ("cache", CacheCommand.Create),
    ];

    /// <summary>The whole command line, or as much of it as <paramref name="args"/> need: making every option takes time.</summary>
    public static Command Root(Terminal terminal, params ReadOnlySpan<string> args)
    {
        var root = Bare();
        var first = args.IsEmpty ? "" : args[0];
        var named = Array.FindAll(AllVerbs, verb => verb.Name == first);
        foreach (var (_, create) in named.Length > 0 ? named : AllVerbs)
        {
            root.Subcommands.Add(create(terminal));
        }

        return root;
    }

    // A plain command, because a RootCommand takes its name from the process: dotnet, or a test host.
    private static Command Bare() => new(
        Name,
        """
        Transfer learning on images: a pretrained ONNX backbone turns images into embeddings, kept on disk by content; a head
        is trained on them; the result is one ONNX file from pixels to answer.

        Exit codes: 0 done; 1 the work failed; 2 bad usage; 3 more images failed than --max-failures allows; 130 interrupted.
        """)
    {
        new HelpOption(),
        new VersionOption(),
    };

    /// <summary>What an interrupted run leaves for the next.</summary>
    public static string Interrupted(ParseResult parsed)
    {
        string[] verbs = [.. Verbs(parsed.CommandResult)];
        string[] training = ["--unfreeze", "--unfreeze-after", "--from-scratch", "--transfer"];
        var options = parsed.CommandResult.Children.OfType<OptionResult>().Where(option => !option.Implicit).Select(option => option.Option.Name);
        return verbs.Contains("pretrain") || options.Intersect(training).Any()
            ? "interrupted; what was embedded and the epochs that were finished are kept, and the same command goes on from there"
            : verbs.Any(verb => verb is "embed" or "train") ? "interrupted; what was embedded is kept, and the next run finds it in the cache"
            : "interrupted";
    }

    private static IEnumerable<string> Verbs(SymbolResult? result) => result is CommandResult command
        ? Verbs(command.Parent).Append(command.Command.Name)
        : [];

    public static async Task<int> RunAsync(string[] args, Terminal terminal, Interruption? interruption = null)
    {
        var parsed = Root(terminal, args).Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                terminal.Say($"error: {error.Message}");
            }

            terminal.Say($"'{string.Join(' ', Verbs(parsed.CommandResult))} --help' tells what it takes.");
            return ExitCode.BadUsage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Interruption watches for Ctrl-C, from before the verb begins
        };
        if (parsed.Action is AsynchronousCommandLineAction)
        {
            interruption?.Watch(); // the others are short, change nothing half-way, and end at once
        }

        try
        {
            return await parsed.InvokeAsync(configuration, interruption?.Token ?? CancellationToken.None);
        }
        catch (UsageException error)
        {
            terminal.Say($"error: {error.Message}");
            return ExitCode.BadUsage;
        }
        catch (OnnxTransferException error)
        {
            terminal.Say($"error: {error.Message}");
            return error is Embeddings.TooManyFailuresException ? ExitCode.TooManyFailures : ExitCode.FailedWork;
        }
        catch (OperationCanceledException)
        {
            terminal.Say(Interrupted(parsed));
            return ExitCode.Interrupted;
        }
        catch (Exception error)
        {
            terminal.Say($"error: {error.Message}");
            terminal.Say("This was not foreseen; please report it with what follows.");
            terminal.Say(error.ToString());
            return ExitCode.FailedWork;
        }
    }
}
