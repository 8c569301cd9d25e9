using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training.Gradients;

namespace OnnxTransfer.Tests.Training;

/// <summary>Every rule of the table, on random shapes, against differences of the loss: in float64 wherever that can be computed.</summary>
public sealed class FiniteDifferenceTests
{
    private const double DoubleStep = 1e-4;

    public static TheoryData<string, int> Runs => Cases();

    [Fact]
    public void Every_rule_has_a_case() => Assert.Equal(GradientRules.Operators, RuleCases.All.Keys.Concat(SpatialDifferencesTests.Operators).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Runs))]
    public void Equals_finite_differences(string name, int seed)
    {
        var rule = RuleCases.All[name];
        var type = rule.FloatOnly ? ElementType.Float : ElementType.Double;
        var graph = new RuleGraph(type, Math.Max(rule.Since, new[] { 13, 18, 21 }[seed % 3]), new SeededRandom(seed));
        string y = rule.Forward(graph);
        var (model, gradients) = graph.Differentiated(y);
        using var run = new GraphRun(model, type);
        foreach (var (input, values) in graph.Inputs)
        {
            run.Feed(input, values);
        }

        run.Run();
        double[][] found = [.. gradients.Select(run.Read)];
        foreach (var (i, (input, values)) in graph.Inputs.Index())
        {
            Assert.Equal(values.Length, found[i].Length);
            for (int j = 0; j < values.Length; j++)
            {
                double expected = rule.Plain is { } plain ? graph.Factors[j] * Difference(x => plain(x), values[j], DoubleStep)
                    : Difference(x => LossAt(run, input, values, j, x), values[j], rule.FloatOnly ? rule.Step : DoubleStep);
                double tolerance = !rule.FloatOnly ? 1e-6 : rule.Plain is null ? 2e-3 : 2e-6;
                Assert.True(Math.Abs(expected - found[i][j]) <= tolerance * Math.Max(1, Math.Abs(expected)),
                    $"{name}, operator set {graph.Opset}, gradient by {input}[{j}]: {found[i][j]}; by differences {expected}");
            }
        }
    }

    private static double Difference(Func<double, double> function, double at, double step) => (function(at + step) - function(at - step)) / (2 * step);

    private static double LossAt(GraphRun run, string input, double[] values, int place, double value)
    {
        double[] moved = [.. values];
        moved[place] = value;
        run.Feed(input, moved);
        run.Run();
        run.Feed(input, values);
        return run.Read("loss")[0];
    }

    private static TheoryData<string, int> Cases()
    {
        var runs = new TheoryData<string, int>();
        foreach (string name in RuleCases.All.Keys)
        {
            for (int seed = 0; seed < 6; seed++)
            {
                runs.Add(name, seed);
            }
        }

        return runs;
    }
}
