using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>
/// A head of classes whose probabilities are raised to 1 / T and brought to sum 1 again, which is softmax(logit / T); or a
/// head of labels whose log odds are divided by T, each for itself. Probabilities below 1e-12, of classes without votes for
/// example, count as 1e-12.
/// </summary>
public sealed class TemperedHead : IHead
{
    private const double Smallest = 1e-12;

    internal TemperedHead(IHead inner, double temperature)
    {
        Inner = inner;
        Temperature = temperature;
    }

    /// <summary>The head whose probabilities are tempered.</summary>
    public IHead Inner { get; }

    /// <summary>T; above 1 probabilities become less sure, below 1 more so.</summary>
    public double Temperature { get; }

    /// <inheritdoc/>
    public HeadTask Task => Inner.Task;

    /// <inheritdoc/>
    public int Width => Inner.Width;

    /// <inheritdoc/>
    public int Outputs => Inner.Outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => Inner.Classes;

    /// <inheritdoc/>
    public Matrix Predict(IRows rows) => Temper(Inner.Predict(rows));

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result)
    {
        Inner.Predict(embedding, result);
        Temper(result);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Log odds of a label's probability near 1 hold few digits of it: what the inner head answers a rounding apart may be 1e-4
    /// apart here.
    /// </remarks>
    public OnnxModel ToOnnx(int opset = 13)
    {
        const string Before = "untempered";
        var inner = TensorNames.Rename(Inner.ToOnnx(opset), new Dictionary<string, string> { [IHead.ProbabilitiesName] = Before });
        var builder = GraphBuilder.Empty(opset, "temperature");
        string probabilities = builder.Input(Before, ElementType.Float, -1, Outputs);
        string scores = Logarithm(builder, probabilities);
        if (Task == HeadTask.Labels)
        {
            string rest = builder.Node("Sub", [builder.Floats("one", [1], 1), probabilities], "rest");
            scores = builder.Node("Sub", [scores, Logarithm(builder, rest)], "log_odds");
        }

        scores = builder.Node("Mul", [scores, builder.Floats("inverse_temperature", [(float)(1 / Temperature)], 1)], "tempered");
        builder.NodeInto(
            IHead.ProbabilitiesName, Task == HeadTask.Labels ? "Sigmoid" : "Softmax", [scores], Task == HeadTask.Labels ? [] : [("axis", 1)]);
        builder.Output(IHead.ProbabilitiesName, ElementType.Float, -1, Outputs);
        return Cut.At(Join.After(inner, Before, builder.Build()), IHead.ProbabilitiesName);
    }

    /// <summary>Log probabilities, or log odds of labels: what T divides.</summary>
    internal static double Score(float probability, HeadTask task) =>
        Math.Log(Math.Max(probability, Smallest)) - (task == HeadTask.Labels ? Math.Log(Math.Max(1.0 - probability, Smallest)) : 0);

    /// <summary>The probabilities of <see cref="Inner"/>, tempered in place.</summary>
    internal Matrix Temper(Matrix probabilities)
    {
        for (int i = 0; i < probabilities.Count; i++)
        {
            Temper(probabilities.Row(i));
        }

        return probabilities;
    }

    private void Temper(Span<float> probabilities)
    {
        if (Task == HeadTask.Labels)
        {
            foreach (ref float probability in probabilities)
            {
                probability = (float)(1 / (1 + Math.Exp(-Score(probability, Task) / Temperature)));
            }

            return;
        }

        float largest = 0;
        foreach (float probability in probabilities)
        {
            largest = Math.Max(largest, probability); // of a NaN among them nothing but NaN comes out
        }

        double top = Score(largest, Task), sum = 0;
        foreach (float probability in probabilities)
        {
            sum += Math.Exp((Score(probability, Task) - top) / Temperature);
        }

        foreach (ref float probability in probabilities)
        {
            probability = (float)(Math.Exp((Score(probability, Task) - top) / Temperature) / sum);
        }
    }

    // log(max(p, Smallest)): Max does not broadcast in operator set 7, and Clip changed its form.
    private static string Logarithm(GraphBuilder builder, string probabilities)
    {
        string smallest = builder.Floats("smallest", [(float)Smallest], 1);
        string above = builder.Node("Relu", [builder.Node("Sub", [probabilities, smallest], "above")], "above_0");
        return builder.Node("Log", [builder.Node("Add", [above, smallest], "clipped")], "log");
    }
}
