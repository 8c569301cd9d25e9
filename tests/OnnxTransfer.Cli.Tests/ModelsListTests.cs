using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Tests;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What <c>models list</c> says of files that are there, missing, unverified or others than described.</summary>
public sealed class ModelsListTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_state_has_its_word_and_a_missing_file_the_command_that_gets_it()
    {
        Describe("verified", "onnx", description => { });
        Describe("changed", "onnx, but another one", description => { });
        Describe("unverified", "onnx", description => description.Remove("sha256"));
        Describe("template", null, description => description.Remove("sha256"));

        var environment = new Dictionary<string, string> { [BackboneCatalogue.FolderVariable] = _folder.Path };
        using var table = CommandRun.Start("", environment, _folder.Path, "models", "list");
        var text = CommandRun.Finish(table).Out;
        using var json = CommandRun.Start("", environment, _folder.Path, "models", "list", "--json");
        var rows = CommandRun.Finish(json).Json.AsArray().ToDictionary(row => (string)row!["name"]!, row => row!);

        foreach (var (name, state) in new[] { ("verified", "verified"), ("changed", "hash mismatch"), ("unverified", "present"), ("template", "missing") })
        {
            Assert.Equal(state, (string?)rows[name]["state"]);
            Assert.Matches($@"\W{name}\s+\W\s+{state}\s", text);
            Assert.Equal($"python3 models/export.py {name}", (string?)rows[name]["obtain"]);
        }

        Assert.Contains("\ntemplate: python3 models/export.py template\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("export.py verified", text, StringComparison.Ordinal);
        Assert.Null(rows["resnet14-cifar10"]["obtain"]);
    }

    private void Describe(string name, string? file, Action<JsonObject> change)
    {
        var description = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "models", "resnet14-cifar10.json")))!.AsObject();
        description["name"] = name;
        description["file"] = $"{name}.onnx";
        description["obtain"] = $"python3 models/export.py {name}";
        description["sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("onnx"u8));
        change(description);
        File.WriteAllText(_folder[$"{name}.json"], description.ToJsonString());
        if (file is not null)
        {
            File.WriteAllText(_folder[$"{name}.onnx"], file);
        }
    }
}
