using OnnxTransfer.Backbones;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>The descriptions of torchvision's networks in models/, made by models/export.py --describe without weights.</summary>
public class TorchvisionCatalogueTests
{
    // Parameters and GFLOPS (multiply-adds) as torchvision's documentation of its weights states them. Ours are those of
    // the file, where a batch norm's two numbers a channel have become one bias.
    [Theory]
    [InlineData("resnet18", 11_689_512, 1.81, 512)]
    [InlineData("resnet34", 21_797_672, 3.66, 512)]
    [InlineData("resnet50", 25_557_032, 4.09, 2048)]
    [InlineData("resnet101", 44_549_160, 7.80, 2048)]
    [InlineData("resnet152", 60_192_808, 11.51, 2048)]
    [InlineData("wide_resnet50_2", 68_883_240, 11.40, 2048)]
    [InlineData("resnext50_32x4d", 25_028_904, 4.23, 2048)]
    [InlineData("vgg11", 132_863_336, 7.61, 4096)]
    [InlineData("vgg11_bn", 132_868_840, 7.61, 4096)]
    [InlineData("vgg13", 133_047_848, 11.31, 4096)]
    [InlineData("vgg13_bn", 133_053_736, 11.31, 4096)]
    [InlineData("vgg16", 138_357_544, 15.47, 4096)]
    [InlineData("vgg16_bn", 138_365_992, 15.47, 4096)]
    [InlineData("vgg19", 143_667_240, 19.63, 4096)]
    [InlineData("vgg19_bn", 143_678_248, 19.63, 4096)]
    public void A_network_is_described_without_a_hash_that_nobody_computed(string name, long parameters, double gigaMacs, int width)
    {
        var about = BackboneDescription.Load(Path.Combine(Outside.Descriptions, name + ".json"));

        Assert.Equal((name, name + ".onnx", "", width), (about.Name, about.File, about.Sha256, about.Width));
        Assert.Null(about.Golden);
        Assert.Equal($"onnxtransfer models export {name}", about.Obtain);
        Assert.Equal("shorterSide 256 bilinear crop 224x224", about.Preprocessing.Pixels.Signature);
        Assert.InRange(about.Parameters, 0.997 * parameters, parameters);
        Assert.Equal(gigaMacs, Math.Round(about.Macs / 1e9, 2), 0.011);
        Assert.Equal(
            name.StartsWith("vgg", StringComparison.Ordinal)
                ? ["block1", "block2", "block3", "block4", "block5", "avgpool", "fc6", "fc7"]
                : ["stem", "layer1", "layer2", "layer3", "layer4", "avgpool"],
            about.Taps.Select(t => t.Name));
    }

    [SkippableFact]
    public void The_committed_descriptions_are_those_the_recipe_writes()
    {
        TorchPython.Require();
        using var folder = new TempFolder();
        TorchPython.Run("-B", Path.Combine(Outside.Descriptions, "export.py"), "--describe", folder.Path);

        var made = Directory.GetFiles(folder.Path);
        Assert.Equal(15, made.Length);
        Assert.All(made, path => Assert.Equal(File.ReadAllText(path), File.ReadAllText(Path.Combine(Outside.Descriptions, Path.GetFileName(path)))));
    }
}
