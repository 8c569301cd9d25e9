using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>
/// Convolutions, pools and batch norms of random shapes, strides, padding, dilations and groups against finite differences:
/// the change of the loss along random directions. The runtime computes convolutions and means in float32 alone; they are
/// linear in each input, as maxima are where they stay the same, so that steps may be long and differences are exact but for rounding.
/// </summary>
public sealed class SpatialDifferencesTests
{
    private const string InTraining = "BatchNormalization in training";
    private static readonly string[] Linear = ["Conv", "ConvTranspose", "AveragePool", "GlobalAveragePool", "MaxPool", "GlobalMaxPool"];

    public static TheoryData<string> LinearOnes => [.. Linear];

    public static TheoryData<string> Norms => ["BatchNormalization", InTraining];

    /// <summary>The operators that are held against differences here.</summary>
    internal static IEnumerable<string> Operators => Linear.Append("BatchNormalization");

    [Theory]
    [MemberData(nameof(LinearOnes))]
    public void Equals_finite_differences_of_what_is_linear(string operation)
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            Check(operation, seed, ElementType.Float, 0.125, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void Equals_finite_differences(string operation)
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            Check(operation, seed, ElementType.Double, 1e-6, 1e-6);
        }
    }

    private static void Check(string operation, int seed, ElementType type, double step, double tolerance)
    {
        var random = new SeededRandom(seed);
        var builder = GraphBuilder.Empty(random.NextInt(2) == 0 ? 15 : 19);
        var inputs = new Dictionary<string, double[]>();
        string y = new RandomSpatial(builder, random, type, inputs).Add(operation);
        builder.NodeInto("y", "Identity", [y]);
        var dims = TensorShapes.Infer(builder.Build())["y"]!.Dimensions;
        string factors = builder.Reals("factors", type, Values(dims.Aggregate(1L, (a, b) => a * b)), [.. dims]);
        builder.NodeInto("loss", "ReduceSum", [builder.Node("Mul", ["y", factors], "product")], ("keepdims", 0));
        builder.Output("loss", type);
        var (forward, _) = TrainingBatchNorm.Lower(builder.Build());
        var over = GraphBuilder.Over(forward);
        string[] names = [.. inputs.Keys];
        var gradients = Differentiation.Gradients(over, forward, TensorShapes.Infer(forward), "loss", names);
        gradients.ToList().ForEach(gradient => over.Output(gradient, type));
        using var run = new GraphRun(over.Build(), type);
        double[][] found = [.. gradients.Select(gradient => { Loss(); return run.Read(gradient); })];
        foreach (var (i, name) in names.Index())
        {
            double[] values = inputs[name], direction = [.. Values(values.Length).Select(v => Math.Clamp(v, -3, 3))];
            double slope = (LossAt(step) - LossAt(-step)) / (2 * step), expected = found[i].Zip(direction, (g, d) => g * d).Sum();
            double scale = Math.Sqrt(found[i].Sum(g => g * g) * direction.Sum(d => d * d));
            Assert.True(Math.Abs(slope - expected) <= tolerance * Math.Max(1, scale), $"{operation}, seed {seed}, by {name}: {slope}; the gradient says {expected}");

            double LossAt(double by)
            {
                inputs[name] = [.. values.Zip(direction, (v, d) => v + (by * d))];
                double loss = Loss();
                inputs[name] = values;
                return loss;
            }
        }

        double Loss()
        {
            foreach (var (name, values) in inputs)
            {
                run.Feed(name, values);
            }

            run.Run();
            return run.Read("loss")[0];
        }

        double[] Values(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextGaussian())];
    }
}
