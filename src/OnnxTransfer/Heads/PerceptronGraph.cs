using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Heads;

/// <summary>The forward graph of a perceptron in training: rows [B, D], targets [B, k] and weights [B] to a loss.</summary>
internal static class PerceptronGraph
{
    public const string Rows = "rows", Targets = "targets", Weights = "weights";

    /// <summary>The input, float [B, width], that the outputs of hidden layer <paramref name="layer"/> are multiplied with: 0 for those dropped.</summary>
    public static string Mask(int layer) => $"mask{layer}";

    public static string WeightsOf(int layer) => $"layer{layer}_weights";

    public static string BiasOf(int layer) => $"layer{layer}_bias";

    /// <summary>
    /// Weights and biases drawn evenly from ±1/√n for layers of n inputs, as torch.nn.Linear draws them; n counts the columns that
    /// are not <paramref name="constant"/>, and the weights of those that are stay 0.
    /// </summary>
    public static DenseLayer[] Initial(int[] widths, Func<int, bool> constant, SeededRandom random)
    {
        var layers = new DenseLayer[widths.Length - 1];
        for (int i = 0; i < layers.Length; i++)
        {
            bool[] silent = [.. Enumerable.Range(0, widths[i]).Select(column => i == 0 && constant(column))];
            double bound = 1 / Math.Sqrt(Math.Max(1, silent.Count(isSilent => !isSilent)));
            var weights = new float[widths[i + 1] * widths[i]];
            for (int j = 0; j < weights.Length; j++)
            {
                weights[j] = silent[j % widths[i]] ? 0 : Drawn(bound);
            }

            layers[i] = new DenseLayer(weights, [.. Enumerable.Range(0, widths[i + 1]).Select(_ => Drawn(bound))]);
        }

        return layers;

        float Drawn(double bound) => (float)(bound * ((2 * random.NextDouble()) - 1));
    }

    /// <summary>The graph and its loss; with <paramref name="masked"/> the outputs of hidden layers are multiplied with masks.</summary>
    public static (OnnxModel Forward, string Loss) Build(IReadOnlyList<DenseLayer> layers, GraphLoss loss, bool masked)
    {
        var builder = GraphBuilder.Empty(name: "perceptron");
        string values = builder.Input(Rows, ElementType.Float, -1, layers[0].Inputs);
        builder.Input(Targets, ElementType.Float, -1, layers[^1].Outputs);
        builder.Input(Weights, ElementType.Float, -1);
        foreach (var (i, layer) in layers.Index())
        {
            string weights = builder.Floats(WeightsOf(i), layer.Weights, layer.Outputs, layer.Inputs);
            values = builder.Node("Gemm", [values, weights, builder.Floats(BiasOf(i), layer.Bias, layer.Outputs)], $"layer{i}_sums", ("transB", 1));
            if (i < layers.Count - 1)
            {
                values = builder.Node("Relu", [values], $"layer{i}");
                values = masked ? builder.Node("Mul", [values, builder.Input(Mask(i), ElementType.Float, -1, layer.Outputs)], $"layer{i}_kept") : values;
            }
        }

        string sum = loss.AddSum(builder, values, Targets, Weights, layers[^1].Outputs, ElementType.Float);
        builder.Output(sum);
        return (builder.Build(), sum);
    }

    /// <summary>All weights and biases; the biases do not decay.</summary>
    public static IReadOnlyList<Trainable> Trainables(int layers, double decay) =>
        [.. Enumerable.Range(0, layers).SelectMany(i => new[] { new Trainable(WeightsOf(i), decay), new Trainable(BiasOf(i)) })];
}
