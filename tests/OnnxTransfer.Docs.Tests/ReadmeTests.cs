using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OnnxTransfer.Cli;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Docs.Tests;

/// <summary>The README is executed: its code, its commands, its help and its figures come from what they speak of.</summary>
[Collection(WorkingFolder)]
public sealed partial class ReadmeTests
{
    /// <summary>Tests that change the process's working folder take turns.</summary>
    internal const string WorkingFolder = "working folder";

    private static readonly string Readme = Repository.Read("README.md");

    [Fact]
    public void Its_code_is_the_code_that_runs_here()
    {
        var source = Repository.Read("tests/OnnxTransfer.Docs.Tests/TenLines.cs");
        var code = source[(source.IndexOf("// README begins\n", StringComparison.Ordinal) + 17)..source.IndexOf("        // README ends", StringComparison.Ordinal)];
        var block = Blocks("csharp").Single();

        Assert.Equal(code.Replace("\n        ", "\n", StringComparison.Ordinal).Trim(), block.Trim());
    }

    [Fact]
    public void Its_code_runs()
    {
        using var folder = new TempFolder();
        SmallImages.WriteLearnable(folder, 12, "flowers");
        File.WriteAllBytes(folder["rose.jpg"], File.ReadAllBytes(folder["flowers", "light", "0001.bmp"]));
        var (before, console, said) = (Environment.CurrentDirectory, Console.Out, new StringWriter());
        try
        {
            Environment.CurrentDirectory = folder.Path;
            Console.SetOut(said);
            TenLines.Run();
        }
        finally
        {
            Environment.CurrentDirectory = before;
            Console.SetOut(console);
        }

        Assert.Matches(@"accuracy +1\.0000", said.ToString());
        Assert.Matches(@"light (1\.00|0\.\d\d)\s*$", said.ToString());
    }

    [Fact]
    public void Its_commands_are_understood()
    {
        var root = CommandLine.Root(new Terminal(TextWriter.Null, TextWriter.Null, isWatched: false));
        var commands = Blocks("sh").SelectMany(block => block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
            .Select(line => line.Split(" #")[0].Trim())
            .Where(line => line.Length > 0)
            .ToArray();

        Assert.Contains("./eng/quickstart.sh", commands);
        Assert.Contains("./eng/test.sh", commands);
        foreach (var command in commands)
        {
            var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].EndsWith("onnxtransfer", StringComparison.Ordinal))
            {
                var errors = root.Parse(words[1..]).Errors;
                Assert.True(errors.Count == 0, $"{command}: {string.Join("; ", errors.Select(error => error.Message))}");
            }
            else if (words[0].StartsWith("./", StringComparison.Ordinal))
            {
                Assert.True(File.Exists(Path.Combine(Repository.Root, words[0])), command);
                Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(Repository.Root, words[0])).HasFlag(UnixFileMode.UserExecute), command);
            }
            else
            {
                Assert.Contains(words[0], new[] { "export", "python3", "dotnet", "git", "cd" });
            }
        }
    }

    [Fact]
    public void Every_verb_is_told()
    {
        var root = CommandLine.Root(new Terminal(TextWriter.Null, TextWriter.Null, isWatched: false));

        foreach (var verb in root.Subcommands)
        {
            Assert.Contains($"`{verb.Name}", Readme, StringComparison.Ordinal);
            foreach (var inner in verb.Subcommands)
            {
                Assert.Contains(inner.Name, Readme, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Its_figures_are_those_of_the_committed_run()
    {
        var result = JsonNode.Parse(Repository.Read("benchmarks/results/amd-epyc/quickstart.json"))!;

        foreach (var name in new[] { "probeAccuracy", "rawPixelAccuracy" })
        {
            Assert.Contains(((double)result[name]!).ToString("0.000", CultureInfo.InvariantCulture), Readme, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Its_house_prices_are_those_of_the_committed_table()
    {
        var table = Repository.Read("benchmarks/results/amd-epyc/houses.md").Split('\n');
        string R2(string from) => table.Single(line => line.StartsWith($"| ridge | {from} |", StringComparison.Ordinal)).Split('|')[3].Trim()[..4];

        Assert.Contains($"R2 of logarithms {R2("photos")}, with three numbers {R2("both")}, {R2("numbers")} from the numbers alone", Readme, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_measurements_are_those_of_the_committed_tables()
    {
        var committed = Directory.GetFiles(Path.Combine(Repository.Root, "benchmarks/results/amd-epyc"), "*.md").SelectMany(File.ReadLines).ToHashSet(StringComparer.Ordinal);
        var rows = Readme.Split('\n').Where(line => MeasuredRow().IsMatch(line)).ToArray();

        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Contains(row, committed));
    }

    [Fact]
    public void It_stays_short_and_begins_with_the_two_commands()
    {
        var lines = Readme.Split('\n');

        Assert.True(lines.Length < 250, $"{lines.Length} lines");
        Assert.InRange(Array.FindIndex(lines, line => line.Contains("./eng/quickstart.sh", StringComparison.Ordinal)), 0, 25);
        Assert.InRange(Array.FindIndex(lines, line => line.Contains("./eng/test.sh", StringComparison.Ordinal)), 0, 25);
    }

    [Fact]
    public void Its_links_lead_somewhere()
    {
        var links = Link().Matches(Readme).Select(match => match.Groups[1].Value).Where(link => !link.StartsWith("http", StringComparison.Ordinal));

        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Repository.Root, link)), link));
    }

    private static IEnumerable<string> Blocks(string language) =>
        Fence().Matches(Readme).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value);

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\| \d+\.\d+ \|")]
    private static partial Regex MeasuredRow();

    [GeneratedRegex(@"\]\(([^)#\s]+)\)")]
    private static partial Regex Link();
}
