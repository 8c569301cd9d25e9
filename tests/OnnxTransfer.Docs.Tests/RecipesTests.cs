using System.Buffers.Binary;
using System.Globalization;
using OnnxTransfer.Cli;
using OnnxTransfer.Imaging;
using OnnxTransfer.Tests;

namespace OnnxTransfer.Docs.Tests;

/// <summary>
/// docs/recipes.md, run command by command in a folder that holds what it speaks of: small cuts of real images, the
/// ImageNet ResNet of the test data as resnet50.onnx, a VGG in small as vgg16.onnx. Exports alone are not run: they need PyTorch
/// and a download, and have tests of their own.
/// </summary>
[Collection(ReadmeTests.WorkingFolder)]
public sealed class RecipesTests
{
    [SkippableTheory]
    [InlineData("CIFAR-10 with a residual network")]
    [InlineData("Digits and clothes (idx files) with a residual network")]
    [InlineData("A VGG with Dense(256) and softmax, from a folder per class")]
    [InlineData("A VGG with a regression head: house prices")]
    public async Task A_recipe_runs(string title)
    {
        using var folder = new TempFolder();
        Lay(folder, TestData.Require("cifar10"), TestData.Require("houses"), TestData.Require("models", "resnet50v2-stage3-imagenet.onnx"));
        var before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder.Path;
            foreach (var command in Commands(title))
            {
                var said = new StringWriter();
                var code = await CommandLine.RunAsync(command.Split(' ')[1..], new Terminal(said, TextWriter.Synchronized(said), isWatched: false));
                Assert.True(code == 0, $"{command}\n{said}");
            }
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public void Every_recipe_is_run() =>
        Assert.Equal(4, Repository.Read("docs/recipes.md").Split('\n').Count(line => line.StartsWith("## ", StringComparison.Ordinal)));

    private static string[] Commands(string title)
    {
        var text = Repository.Read("docs/recipes.md");
        var from = text.IndexOf($"## {title}\n", StringComparison.Ordinal);
        var section = text[from..(text.IndexOf("\n## ", from, StringComparison.Ordinal) is > 0 and var end ? end : text.Length)];
        string[] commands = [.. section.Split('\n').Where(line => line.StartsWith("artifacts/onnxtransfer ", StringComparison.Ordinal))];
        Assert.InRange(commands.Length, 2, 10);
        return commands;
    }

    private static void Lay(TempFolder folder, string cifar, string houses, string resnet)
    {
        foreach (var split in new[] { "train", "test" })
        {
            foreach (var place in Directory.GetDirectories(Path.Combine(cifar, split)).Order(StringComparer.Ordinal).Take(3))
            {
                foreach (var file in Directory.GetFiles(place).Order(StringComparer.Ordinal).Take(split == "train" ? 12 : 4))
                {
                    File.Copy(file, folder["cifar10", split, Path.GetFileName(place), Path.GetFileName(file)]);
                    File.Copy(file, folder["photos", Path.GetFileName(place), split + Path.GetFileName(file)]);
                }
            }
        }

        File.Copy(Directory.GetFiles(folder["photos"], "*", SearchOption.AllDirectories)[0], folder["rose.jpg"]);
        File.CreateSymbolicLink(folder["resnet50.onnx"], resnet);
        SmallVgg.Write(folder["vgg16.onnx"]);
        var rows = File.ReadAllLines(Path.Combine(houses, "HousesInfo.txt")).Take(30).SelectMany((line, i) =>
        {
            var facts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new[] { "frontal", "kitchen" }.Select(room => string.Create(CultureInfo.InvariantCulture,
                $"{Path.Combine(houses, "images", $"{i + 1}_{room}.jpg")},{i + 1},{facts[4]},{facts[0]},{facts[1]},{facts[2]}"));
        });
        File.WriteAllLines(folder["houses.csv"], ["path,house,price,beds,baths,area", .. rows]);
        WriteIdx(folder, "train", [.. Directory.GetFiles(folder["cifar10", "train"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]);
        WriteIdx(folder, "t10k", [.. Directory.GetFiles(folder["cifar10", "test"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]);
    }

    // The photos in grey, 28 x 28, as idx files keep them; labels by the folder's place.
    private static void WriteIdx(TempFolder folder, string name, string[] files)
    {
        var classes = files.Select(file => Path.GetFileName(Path.GetDirectoryName(file))!).Distinct().ToArray();
        var images = new byte[16 + (files.Length * 784)];
        var labels = new byte[8 + files.Length];
        Span<int> header = [0x803, files.Length, 28, 28];
        for (var i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(images.AsSpan(4 * i), header[i]);
        }

        BinaryPrimitives.WriteInt32BigEndian(labels, 0x801);
        BinaryPrimitives.WriteInt32BigEndian(labels.AsSpan(4), files.Length);
        for (var i = 0; i < files.Length; i++)
        {
            using var image = ImageDecoders.Default.Decode(File.ReadAllBytes(files[i]), files[i]);
            for (var at = 0; at < 784; at++)
            {
                images[16 + (i * 784) + at] = image.Pixels[((((at / 28) + 2) * image.Width) + (at % 28) + 2) * 3];
            }

            labels[8 + i] = (byte)Array.IndexOf(classes, Path.GetFileName(Path.GetDirectoryName(files[i])));
        }

        File.WriteAllBytes(folder["fashion-mnist", $"{name}-images-idx3-ubyte"], images);
        File.WriteAllBytes(folder["fashion-mnist", $"{name}-labels-idx1-ubyte"], labels);
    }
}
