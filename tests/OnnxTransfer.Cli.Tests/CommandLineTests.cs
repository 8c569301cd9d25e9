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

    [Theory]
    [InlineData("interrupted; what was embedded and the epochs that were finished are kept, and the same command goes on from there", "train", "photos", "--unfreeze", "last")]
    [InlineData("interrupted; what was embedded and the epochs that were finished are kept, and the same command goes on from there", "train", "photos", "--from-scratch")]
    [InlineData("interrupted; what was embedded and the epochs that were finished are kept, and the same command goes on from there", "evaluate", "--transfer", "photos")]
    [InlineData("interrupted; what was embedded and the epochs that were finished are kept, and the same command goes on from there", "models", "pretrain", "photos", "-o", "x.onnx")]
    [InlineData("interrupted; what was embedded is kept, and the next run finds it in the cache", "train", "photos")]
    [InlineData("interrupted; what was embedded is kept, and the next run finds it in the cache", "embed", "photos")]
    [InlineData("interrupted", "evaluate", "m.onnx", "photos")]
    public void An_interrupted_run_tells_what_it_leaves(string said, params string[] arguments) =>
        Assert.Equal(said, CommandLine.Interrupted(CommandLine.Root(Nowhere, arguments).Parse(arguments)));

    [Theory]
    [InlineData(true, "train")]
    [InlineData(false, "embed")]
    [InlineData(false, "predict")]
    public async Task Help_speaks_of_options_that_the_verb_has(bool has, string verb)
    {
        var help = await CommandRun.Of(verb, "--help");

        Assert.Equal(has, help.Out.ReplaceLineEndings(" ").Contains("--from-scratch", StringComparison.Ordinal));
        Assert.DoesNotContain("every epoch", verb is "embed" or "predict" ? help.Out : "", StringComparison.Ordinal);
    }
}
