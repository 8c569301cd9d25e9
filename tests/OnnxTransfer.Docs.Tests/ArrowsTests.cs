using System.Text.RegularExpressions;

namespace OnnxTransfer.Docs.Tests;

/// <summary>
/// The rooms of the core may use only those above them: every `using` and every qualified name is read, and an arrow that
/// points up fails.
/// </summary>
public sealed partial class ArrowsTests
{
    private static readonly string[] Rooms =
    [
        "Numerics", "Datasets", "Imaging", "Onnx", "Inference", "Backbones", "Embeddings", "Training", "Heads", "Evaluation", "Export", "Prediction",
    ];

    [Fact]
    public void No_arrow_points_up()
    {
        var core = Path.Combine(Repository.Root, "src", "OnnxTransfer");
        var wrong = new List<string>();
        foreach (var file in Sources(core))
        {
            var room = Path.GetRelativePath(core, file).Split(Path.DirectorySeparatorChar)[0];
            if (Array.IndexOf(Rooms, room) is var own && own >= 0)
            {
                wrong.AddRange(Used(File.ReadAllText(file)).Where(used => Array.IndexOf(Rooms, used) > own).Select(used => $"{room}/{Path.GetFileName(file)} -> {used}"));
            }
        }

        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void Every_folder_of_the_core_is_a_room()
    {
        var folders = Directory.GetDirectories(Path.Combine(Repository.Root, "src", "OnnxTransfer")).Select(path => Path.GetFileName(path)!);

        Assert.Empty(folders.Except(["bin", "obj"]).Except(Rooms));
    }

    [Fact]
    public void The_core_knows_no_adapter_and_no_foreign_package()
    {
        var core = Path.Combine(Repository.Root, "src", "OnnxTransfer");

        Assert.DoesNotContain(Sources(core), file => Foreign().IsMatch(WithoutComments(File.ReadAllText(file))));
    }

    [Theory]
    [InlineData("using OnnxTransfer.Heads;", "Heads")]
    [InlineData("var x = Export.FusedModel.Pixels;", "Export")]
    [InlineData("var x = OnnxTransfer.Prediction.ImageModel.Load(a);", "Prediction")]
    [InlineData("/// <see cref=\"Prediction.ImageModel\"/>", null)]
    [InlineData("var text = \"Export.Me\"; // Heads.Up", null)]
    public void Arrows_are_seen(string code, string? room) => Assert.Equal(room is null ? [] : [room], Used(code));

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static IEnumerable<string> Used(string code) => QualifiedName().Matches(WithoutComments(code)).Select(match => match.Groups[1].Value).Distinct();

    private static string WithoutComments(string code) => CommentsAndStrings().Replace(code, " ");

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/|\$?""(?:[^""\\\n]|\\.)*""", RegexOptions.Singleline)]
    private static partial Regex CommentsAndStrings();

    // A room's name that begins a qualified name, or follows "OnnxTransfer."; not a member of something else.
    [GeneratedRegex(@"(?<![\w.])(?:OnnxTransfer\.)?(Numerics|Datasets|Imaging|Onnx|Inference|Backbones|Embeddings|Training|Heads|Evaluation|Export|Prediction)(?:\.[A-Z]|;)")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"SixLabors|Microsoft\.ML\.(?!OnnxRuntime)|Spectre|System\.CommandLine|AspNetCore")]
    private static partial Regex Foreign();
}
