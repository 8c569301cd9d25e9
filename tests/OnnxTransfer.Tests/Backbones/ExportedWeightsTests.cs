using System.Runtime.CompilerServices;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>models/export.py with weights that were published, and with files of weights; golden/torch_weights.py runs it.</summary>
public class ExportedWeightsTests
{
    [SkippableFact]
    public void Published_weights_and_files_are_exported_as_described_and_others_refused()
    {
        TorchPython.Require();
        using var folder = new TempFolder();
        var said = TorchPython.Run(Path.Combine(Here(), "golden", "torch_weights.py"), folder.Path);

        // V2 is resized otherwise, 232 for 224, and comes with a warning.
        var second = BackboneDescription.Load(folder["v2.json"]);
        Assert.Equal("shorterSide 66 bilinear crop 64x64", second.Preprocessing.Pixels.Signature);
        Assert.Equal("torchvision's resnet50, weights IMAGENET1K_V2: https://download.pytorch.org/models/resnet50-11ad3fa6.pth", second.Source);
        Assert.Contains("warning: the V2 weights of resnet50 classify ImageNet better, but their frozen features transfer worse", said, StringComparison.Ordinal);
        Assert.True(GoldenCheck.Run(folder["v2.onnx"], settings: new() { Threads = 1 }).Passed);

        // A file knows its number of classes; "module." and "state_dict" are looked through.
        var flowers = BackboneDescription.Load(folder["flowers.json"]);
        Assert.Matches("^torchvision's resnet18 with the weights of flowers.pth \\(SHA-256 [0-9a-f]{64}\\)$", flowers.Source);
        Assert.Equal("shorterSide 73 bilinear crop 64x64", flowers.Preprocessing.Pixels.Signature);
        Assert.Equal(5, OnnxModel.Load(folder["flowers.onnx"]).Outputs.Single(o => o.Name == "logits").Dimensions![1]);
        Assert.True(GoldenCheck.Run(folder["flowers.onnx"], settings: new() { Threads = 1 }).Passed);

        var refused = File.ReadAllLines(folder["refused.txt"]);
        Assert.Equal(
            "export.py: short.pth does not hold the weights of a resnet18: /   lacks layer4.1.bn2.bias [512] /   has head.weight [2], which a resnet18 has not"
            + " /   conv1.weight is [64, 1, 7, 7], expected [64, 3, 7, 7] / Give the network that they were trained in, or rename them",
            refused[0]);
        Assert.StartsWith("export.py: whole.pth is not a state dict (", refused[1], StringComparison.Ordinal);
        Assert.EndsWith("); expected what torch.save(model.state_dict(), FILE) writes, with nothing in it but tensors and plain values", refused[1], StringComparison.Ordinal);
        Assert.Equal("export.py: list.pth holds a list that is no state dict; expected names with their tensors", refused[2]);
        Assert.False(File.Exists(folder["never.onnx"]));
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
