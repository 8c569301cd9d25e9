using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class LossEngineTests
{
    private const int Rows = 700, Width = 11;

    [Theory]
    [InlineData("single", "softmax", 3)]
    [InlineData("double", "softmax", 3)]
    [InlineData("onnx", "softmax", 3)]
    [InlineData("single", "sigmoid", 4)]
    [InlineData("double", "sigmoid", 4)]
    [InlineData("onnx", "sigmoid", 4)]
    [InlineData("double", "squared", 2)]
    public void The_gradient_is_that_of_the_plain_objective_by_finite_differences(string precision, string loss, int outputs)
    {
        var problem = Problem(Rows, Width, outputs, loss, weighted: true);
        using var engine = Engine(precision, problem);
        engine.L2 = 0.03;
        double[] parameters = Parameters(engine.Size);
        var gradient = new double[engine.Size];
        double value = engine.Evaluate(parameters, gradient, default);

        double tolerance = precision == "double" ? 1e-8 : 1e-6;
        Assert.Equal(Reference(problem, parameters, 0.03), value, tolerance);
        Assert.Equal(Reference(problem, parameters, 0), engine.Loss(parameters, default), tolerance);
        const double Step = 1e-5;
        for (int p = 0; p < parameters.Length; p++)
        {
            double[] above = [.. parameters], below = [.. parameters];
            above[p] += Step;
            below[p] -= Step;
            Assert.Equal((Reference(problem, above, 0.03) - Reference(problem, below, 0.03)) / (2 * Step), gradient[p], tolerance);
        }
    }

    [Theory]
    [InlineData(5, 3, 2)]        // fewer rows than a block
    [InlineData(1, 1, 2)]
    [InlineData(3000, 700, 33)]  // a sum for each chunk
    [InlineData(2600, 600, 300)] // one sum for all: k x D is large
    public void Float32_and_float64_agree_and_threads_change_no_bit(int rows, int width, int classes)
    {
        var problem = Problem(rows, width, classes, "softmax", weighted: false);
        double[] parameters = Parameters(classes * (width + 1));
        double[] exact = new double[parameters.Length], one = new double[parameters.Length], three = new double[parameters.Length];
        double expected = LossEngines.Double(problem).Evaluate(parameters, exact, default);
        double value = LossEngines.Single(problem with { Threads = 1 }).Evaluate(parameters, one, default);
        Assert.Equal(value, LossEngines.Single(problem with { Threads = 3 }).Evaluate(parameters, three, default));
        Assert.Equal(one, three);
        Assert.Equal(expected, value, 1e-6 * expected);
        double scale = Math.Sqrt(exact.Sum(g => g * g));
        Assert.All(exact.Zip(one), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * scale));
    }

    [Fact]
    public void Evaluated_again_nothing_is_left_from_before()
    {
        var problem = Problem(900, 40, 3, "softmax", weighted: false);
        var engine = LossEngines.Single(problem);
        double[] parameters = Parameters(engine.Size), first = new double[engine.Size], second = new double[engine.Size];
        double value = engine.Evaluate(parameters, first, default);
        engine.Evaluate(Array.ConvertAll(parameters, p => -2 * p), second, default);
        engine.Loss(second, default);
        Assert.Equal(value, engine.Evaluate(parameters, second, default));
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_pass_needs_no_memory_that_grows_with_the_rows()
    {
        long Allocated(int rows)
        {
            var problem = Problem(rows, 20, 10, "softmax", weighted: false) with { Threads = 1 };
            long before = GC.GetAllocatedBytesForCurrentThread();
            var engine = LossEngines.Single(problem);
            var gradient = new double[engine.Size];
            for (int i = 0; i < 3; i++)
            {
                engine.Evaluate(new double[engine.Size], gradient, default);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // Less than a byte a row. The bound leaves room for a buffer that a pool gave back to the collector in between.
        Assert.InRange(Allocated(80_000) - Allocated(20_000), -50_000, 50_000);
    }

    [Fact]
    public void Large_outputs_overflow_nowhere()
    {
        double[] outputs = [1e5, -1e5, 3];
        Assert.Equal(2e5, new SoftmaxLoss([1], 3).Apply(0, outputs));
        Assert.Equal([1, -1, 0], outputs);
        outputs = [1e5, -1e5];
        Assert.Equal(2e5, new SigmoidLoss([[1]], 2).Apply(0, outputs));
        Assert.Equal([1, -1], outputs);
    }

    [Fact]
    public void Without_CUDA_a_GPU_asked_for_is_refused_and_Auto_says_why_the_processor_computes()
    {
        if (ProviderCheck.Of(ExecutionProvider.Cuda).Works)
        {
            return; // GPU machines run the other tests on it
        }

        var problem = Problem(20, 3, 2, "softmax", weighted: false);
        Assert.StartsWith("provider cuda: ", Assert.Throws<ProviderException>(() => LossEngines.Single(problem, ExecutionProvider.Cuda)).Message, StringComparison.Ordinal);
        using var engine = LossEngines.Single(problem, ExecutionProvider.Auto);
        Assert.IsType<ManagedLossEngine<float>>(engine);
        Assert.NotEmpty(engine.ProviderNote!);
    }

    [Fact]
    public void A_loss_without_a_graph_is_refused_by_ONNX_Runtime() =>
        Assert.Equal("no graph computes a SquaredErrors (Parameter 'problem')", Assert.Throws<ArgumentException>(
            () => OnnxLossEngine.Open(Problem(20, 3, 2, "squared", weighted: false), ExecutionProvider.Cpu)).Message);

    private static ILossEngine Engine(string precision, LossProblem problem) => precision switch
    {
        "single" => LossEngines.Single(problem),
        "double" => LossEngines.Double(problem),
        _ => OnnxLossEngine.Open(problem, ExecutionProvider.Cpu, bytesPerBlock: 4 * Width * 128), // the last of six blocks is padded
    };

    private static LossProblem Problem(int rows, int width, int outputs, string loss, bool weighted)
    {
        var random = new SeededRandom(3);
        var set = Planted.Classes(rows, width, Math.Max(2, outputs), distance: 0.6).With((_, j, value) => value + (0.1 * j));
        double[] weights = weighted ? [.. Enumerable.Range(0, rows).Select(i => 0.5 + (i % 4))] : [];
        IRowLoss rowLoss = loss switch
        {
            "softmax" => new SoftmaxLoss(set.Labels, outputs),
            "sigmoid" => new SigmoidLoss([.. set.Labels.Select((label, i) => i % 3 == 0 ? Array.Empty<int>() : [label, (label + 1) % outputs])], outputs),
            _ => new SquaredErrors([.. Enumerable.Range(0, rows * outputs).Select(_ => random.NextGaussian())], [.. Enumerable.Range(1, outputs).Select(c => 0.3 * c)]),
        };
        return new LossProblem(set.Rows, rowLoss, weights, Standardisation.Of(set.Rows, weights, scale: true, 2, default).InSingle(), 2);
    }

    private static double[] Parameters(int count)
    {
        var random = new SeededRandom(5);
        return [.. Enumerable.Range(0, count).Select(_ => 0.3 * random.NextGaussian())];
    }

    // The objective as its formula reads, in float64; losses of single rows have tests of their own.
    private static double Reference(LossProblem problem, double[] parameters, double l2)
    {
        int width = problem.Rows.Width, outputs = problem.Loss.Outputs;
        double loss = 0;
        for (int i = 0; i < problem.Rows.Count; i++)
        {
            var values = new double[outputs];
            for (int c = 0; c < outputs; c++)
            {
                values[c] = parameters[(outputs * width) + c];
                for (int j = 0; j < width; j++)
                {
                    values[c] += parameters[(c * width) + j] * (problem.Rows[i][j] - problem.Standardisation.Mean[j]) * problem.Standardisation.Scale[j];
                }
            }

            loss += problem.Weight(i) * Plain(problem.Loss, i, values);
        }

        return (loss / problem.TotalWeight) + (0.5 * l2 * parameters.Take(outputs * width).Sum(value => value * value));
    }

    private static double Plain(IRowLoss loss, int row, double[] values)
    {
        if (loss is not ILabelLoss labelled)
        {
            return loss.Apply(row, values);
        }

        var answer = new byte[values.Length];
        labelled.Answer(row, answer);
        return labelled.IsExclusive
            ? Math.Log(values.Sum(Math.Exp)) - values[Array.IndexOf(answer, (byte)1)]
            : values.Zip(answer).Sum(pair => Math.Log(1 + Math.Exp(pair.First)) - (pair.Second * pair.First));
    }
}
