using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>
/// The exported networks give what PyTorch gives: the same random weights there and here, the same random pixels, and the
/// whole map of every tap compared. Three networks in the usual suite; eng/test-families.sh runs all and keeps the figures.
/// </summary>
public class SameAsTorchTests
{
    /// <summary>The environment variable that has all families run, and names the file that their figures are added to.</summary>
    private const string TableVariable = "ONNXTRANSFER_FAMILIES_TABLE";

    private const double LargestDifference = 1e-4;
    private const double LeastCosine = 0.99999;
    private const double LeastCosineInHalf = 0.999;

    private static string? Table => Environment.GetEnvironmentVariable(TableVariable);

    public static TheoryData<string, int> Networks()
    {
        // 224 is what all were made for. At 96 and 160 the pooling of a VGG spreads 3 x 3 and 5 x 5 places over its 7 x 7
        // cells, at 97 the strides of a ResNet leave remainders, which a pool in ceil mode would keep.
        var networks = new TheoryData<string, int> { { "resnet18", 224 }, { "resnext50_32x4d", 97 }, { "vgg11_bn", 96 } };
        if (!string.IsNullOrEmpty(Table))
        {
            networks.Add("vgg11", 160);
            foreach (var name in new[]
            {
                "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "resnext50_32x4d",
                "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
            })
            {
                networks.Add(name, 224);
            }
        }

        return networks;
    }

    [SkippableTheory]
    [MemberData(nameof(Networks))]
    public void Every_tap_is_what_PyTorch_gives(string name, int side)
    {
        TorchPython.Require();
        var clock = Stopwatch.StartNew();
        using var torch = new TorchTaps(name, side);
        var description = BackboneDescription.Load(torch.DescriptionPath);

        var differences = Compare(torch, Precision.Fp32);
        var half = Compare(torch, Precision.Fp16);
        var golden = GoldenCheck.Run(torch.ModelPath, settings: new() { Threads = 1 });

        Assert.Equal(description.Taps.Select(t => (t.Name, string.Join('x', t.Shape))), torch.Taps.Select(t => (t.Name, string.Join('x', t.Shape))));
        Assert.All(differences, d => Assert.True(d.Difference < LargestDifference && d.Cosine > LeastCosine, $"{d}"));
        Assert.All(half, d => Assert.True(d.Cosine > LeastCosineInHalf, $"fp16: {d}"));
        Assert.Equal(description.Taps.Select(t => t.Name), golden.Taps.Select(t => t.Name));
        Assert.True(golden.Passed, string.Join('\n', golden.Taps));
        if (!string.IsNullOrEmpty(Table))
        {
            // Of all taps the worst.
            var row = string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {side} | {description.Parameters / 1e6:0.0} | {description.Macs / 1e9:0.00} | {differences.Max(d => d.Difference):0.0e+0} "
                + $"| {1 - differences.Min(d => d.Cosine):0.0e+0} | {1 - half.Min(d => d.Cosine):0.0e+0} | {clock.Elapsed.TotalSeconds:0} |\n");
            File.AppendAllText(Table, row);
        }
    }

    /// <summary>Runs the backbone on the pixels and holds every tap's maps against PyTorch's.</summary>
    private static (string Tap, double Difference, double Cosine)[] Compare(TorchTaps torch, Precision precision)
    {
        using var backbone = Backbone.Load(torch.ModelPath, ExecutionProvider.Cpu, new()
        {
            Taps = [.. torch.Taps.Select(t => $"{t.Name}:none")], Precision = precision, Threads = 1, BatchSize = 2,
        });
        using var buffers = backbone.CreateBuffers();
        torch.Pixels.CopyTo(buffers.Bytes);
        backbone.Run(buffers, 2);
        return [.. torch.Taps.Select((tap, i) => Held(torch, tap.Name, buffers.Output(i)))];
    }

    private static (string Tap, double Difference, double Cosine) Held(TorchTaps torch, string tap, ReadOnlySpan<float> found)
    {
        var expected = torch.Values(tap);
        Assert.Equal(expected.Length, found.Length);
        var (difference, cosine) = GoldenDescription.Compare(expected, found);
        return (tap, difference, cosine);
    }
}
