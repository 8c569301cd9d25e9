using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Cli;

/// <summary><c>models export</c>: makes a backbone of a torchvision network, by models/export.py in a Python it finds.</summary>
internal sealed class ModelsExport
{
    private const string Verb = $"{CommandLine.Name} models export ";

    private readonly Argument<string> _name = new("network") { Description = "resnet18, resnet50, resnext50_32x4d, vgg16_bn ...; all are in 'models list', missing or not" };

    private readonly Option<string> _weights = new("--weights")
    {
        Description = "V1: torchvision's IMAGENET1K_V1; V2: better on ImageNet, worse frozen; none: random, for tests; or the file of a state dict",
        DefaultValueFactory = _ => "V1",
    };

    private readonly Option<int> _seed = new("--seed") { Description = "of random weights", DefaultValueFactory = _ => 7 };

    private readonly Option<int> _input = new("--input") { Description = "side of the input image in pixels, at least 32", DefaultValueFactory = _ => 224 };

    private readonly Option<string?> _output = new("--output", "-o") { Description = "the ONNX file; its description goes beside it (default: NETWORK.onnx in this folder)" };

    private readonly Option<string?> _python = new("--python") { Description = "a Python with torch, torchvision, onnx and Pillow (default: $PYTHON, python3 or /usr/bin/python3, the first that has them)" };

    private readonly Option<bool> _json = new("--json") { Description = "print one JSON object" };

    public static Command Create(Terminal terminal)
    {
        var verb = new ModelsExport();
        var command = new Command("export", "Make a backbone of a torchvision network: ONNX file, description and golden embedding (needs Python with PyTorch, and says so)")
        {
            verb._name, verb._weights, verb._seed, verb._input, verb._output, verb._python, verb._json,
        };
        command.SetAction((parsed, cancellation) => verb.RunAsync(parsed, terminal, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        var name = parsed.GetValue(_name)!;
        var output = parsed.GetValue(_output) ?? $"{name}.onnx";
        Refuse(name, output, parsed.GetValue(_input));
        var recipe = Path.Combine(AppContext.BaseDirectory, "models", "export.py");
        var python = await PythonSearch.FindAsync(parsed.GetValue(_python), cancellation);
        string[] arguments =
        [
            "-B", recipe, name, "--weights", parsed.GetValue(_weights)!, "--seed", $"{parsed.GetValue(_seed)}", "--input", $"{parsed.GetValue(_input)}",
            "--output", output, .. terminal.IsWatched ? Array.Empty<string>() : ["--quiet"],
        ];
        terminal.Say($"running {python} {string.Join(' ', arguments)}");
        try
        {
            // Code 2 is export.py's own word for bad usage.
            if (await PythonRun.RunAsync(python, arguments, terminal.Error, terminal.Error, cancellation) is not 0 and var code)
            {
                cancellation.ThrowIfCancellationRequested();
                terminal.Say($"error: {recipe} ended with exit code {code}; what it said stands above");
                return code == ExitCode.BadUsage ? ExitCode.BadUsage : ExitCode.FailedWork;
            }
        }
        catch (OperationCanceledException)
        {
            // It was ended before it could tidy up.
            File.Delete($"{output}.new");
            File.Delete($"{Path.ChangeExtension(output, ".json")}.new");
            throw;
        }

        return Check(output, parsed.GetValue(_json), terminal);
    }

    /// <summary>What would be refused by the recipe too, only after PyTorch has been loaded.</summary>
    private static void Refuse(string name, string output, int side)
    {
        var known = BackboneCatalogue.Default.List().Select(entry => entry.Description).Where(about => about.Obtain.StartsWith(Verb, StringComparison.Ordinal))
            .Select(about => about.Obtain[Verb.Length..]).Order(StringComparer.Ordinal).ToArray();
        if (known.Length > 0 && !known.Contains(name))
        {
            throw new UsageException($"no network '{name}' to export; there are {string.Join(", ", known)}. "
                + $"Write any other with torch.onnx.export and give its file to '{CommandLine.Name} models import'");
        }

        if (!output.EndsWith(".onnx", StringComparison.Ordinal))
        {
            throw new UsageException($"--output {output}: expected a name that ends in .onnx; the description gets the same with .json");
        }

        if (side < 32)
        {
            throw new UsageException($"--input {side}: expected at least 32; smaller images do not reach the last stage");
        }
    }

    private static int Check(string output, bool json, Terminal terminal)
    {
        var found = GoldenCheck.Run(output);
        if (json)
        {
            var entry = BackboneCatalogue.Default.Find(output);
            terminal.WriteJson(new JsonObject
            {
                ["file"] = entry.ModelPath,
                ["description"] = entry.DescriptionPath,
                ["sha256"] = entry.Description.Sha256,
                ["width"] = entry.Description.Width,
                ["check"] = ModelsCheck.AsJson(found),
            });
        }
        else
        {
            ModelsCheck.Write(found, terminal);
            if (found.Passed)
            {
                terminal.Out.WriteLine($"use it: {CommandLine.Name} train IMAGES --backbone {output} (by its name alone from ./models or a folder that {BackboneCatalogue.FolderVariable} names)");
            }
        }

        return found.Passed ? ExitCode.Done : ExitCode.FailedWork;
    }
}
