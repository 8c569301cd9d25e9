namespace OnnxTransfer.Cli.Tests;

/// <summary>A run makes its own verb alone; nobody shall notice.</summary>
public sealed class CommandLineTests
{
    private static readonly Terminal Nowhere = new(TextWriter.Null, TextWriter.Null, isWatched: false);

    [Fact]
    public void Only_the_verb_that_is_named_is_made()
    {
        Assert.Equal(["predict"], CommandLine.Root(Nowhere, "predict", "m.onnx").Subcommands.Select(verb => verb.Name));
        Assert.Equal(7, CommandLine.Root(Nowhere).Subcommands.Count);
        Assert.Equal(7, CommandLine.Root(Nowhere, "--help").Subcommands.Count);
    }

    [Fact]
    public async Task Every_verb_is_found_by_its_own_name()
    {
        foreach (var verb in CommandLine.Root(Nowhere).Subcommands)
        {
            var help = await CommandRun.Of(verb.Name, "--help");

            Assert.Equal((0, ""), (help.ExitCode, help.Error));
            Assert.Contains(verb.Description!, help.Out.ReplaceLineEndings(" "), StringComparison.Ordinal);
            Assert.Contains($"onnxtransfer {verb.Name} ", help.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_verb_that_does_not_exist_is_refused()
    {
        var run = await CommandRun.Of("predcit", "m.onnx");

        Assert.Equal(ExitCode.BadUsage, run.ExitCode);
        Assert.Contains("predcit", run.Error, StringComparison.Ordinal);
    }
}
