using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Training;

/// <summary>Convolutions, pools and batch norms against PyTorch.</summary>
public sealed class SpatialGradientTests
{
    public static TheoryData<string> Names => [.. SpatialCase.All().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equals_pytorchs_gradient(string name)
    {
        var golden = SpatialCase.All()[name];
        foreach (int opset in new[] { 13, 18, 21 })
        {
            var (model, gradients, after) = golden.Build(opset);
            using var run = new GraphRun(model, ElementType.Float);
            foreach (var (i, values) in golden.Inputs.Index())
            {
                run.Feed(GradientCase.Input(i), values);
            }

            run.Run();
            Near(golden.Output, run.Read("y"));
            Assert.Equal(golden.Gradients.Length, gradients.Count);
            Assert.All(golden.Gradients.Zip(gradients), pair => Near(pair.First, run.Read(pair.Second)));
            Assert.Equal(golden.After.Length, after.Length);
            Assert.All(golden.After.Zip(after), pair => Near(pair.First, run.Read(pair.Second)));
        }
    }

    // Sums of dozens of products in float32, held against float64: to the largest of the tensor.
    private static void Near(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double tolerance = 2e-5 * Math.Max(1, expected.Max(Math.Abs));
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
