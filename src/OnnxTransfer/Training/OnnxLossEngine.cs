using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>
/// The same pass by <see cref="LossGraph"/> in ONNX Runtime: the way to a GPU, where the standardised rows stay resident, a
/// block at a time through host memory. Sums over a block are float32, over blocks float64. On the processor it is slower
/// than <see cref="ManagedLossEngine{T}"/> and takes a copy of the rows: there it is for tests alone.
/// </summary>
internal sealed class OnnxLossEngine : ILossEngine
{
    private const long BytesPerBlock = 256L << 20;

    private readonly LossProblem _problem;
    private readonly ILabelLoss _loss;
    private readonly OnnxSession _session;
    private readonly int _blockRows;
    private readonly List<BoundRun> _blocks = [];
    private readonly float[] _weights;
    private readonly float[] _bias;
    private readonly float[] _losses;
    private readonly float[] _weightGradient;
    private readonly float[] _biasGradient;
    private readonly Dictionary<string, TensorValue> _parameters;

    private OnnxLossEngine(LossProblem problem, ILabelLoss loss, OnnxSession session, int blockRows)
    {
        (_problem, _loss, _session, _blockRows) = (problem, loss, session, blockRows);
        int k = loss.Outputs, width = problem.Rows.Width;
        (_weights, _bias, _losses) = (new float[k * width], new float[k], new float[blockRows]);
        (_weightGradient, _biasGradient) = (new float[k * width], new float[k]);
        _parameters = new()
        {
            [LossGraph.Weights] = TensorValue.Of(_weights, k, width),
            [LossGraph.Bias] = TensorValue.Of(_bias, k),
        };
        var outputs = new Dictionary<string, TensorValue>
        {
            [LossGraph.Losses] = TensorValue.Of(_losses, blockRows, 1),
            [LossGraph.WeightGradient] = TensorValue.Of(_weightGradient, k, width),
            [LossGraph.BiasGradient] = TensorValue.Of(_biasGradient, 1, k),
        };
        try
        {
            for (int first = 0; first < problem.Rows.Count; first += blockRows)
            {
                _blocks.Add(session.Bind(Block(first), outputs));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Size => _weights.Length + _bias.Length;

    public string? ProviderNote => null;

    public double L2 { get; set; }

    /// <summary>An engine on <paramref name="provider"/>; where Auto finds no GPU, the managed one, saying why.</summary>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    /// <exception cref="ArgumentException">The loss is none of labels: no graph computes it.</exception>
    public static ILossEngine Open(LossProblem problem, ExecutionProvider provider, long bytesPerBlock = BytesPerBlock)
    {
        var loss = problem.Loss as ILabelLoss ?? throw new ArgumentException($"no graph computes a {problem.Loss.GetType().Name}", nameof(problem));
        int blockRows = (int)Math.Clamp(bytesPerBlock / (4L * problem.Rows.Width), 1, problem.Rows.Count);
        var graph = LossGraph.Make(loss, blockRows, problem.Rows.Width);
        var session = OnnxSession.Open(graph, new SessionSettings { Provider = provider.ForTraining(), Threads = problem.Threads });
        if (provider == ExecutionProvider.Auto && session.Provider == ExecutionProvider.Cpu)
        {
            string? note = session.ProviderNote;
            session.Dispose();
            return new ManagedLossEngine<float>(problem) { ProviderNote = note };
        }

        return new OnnxLossEngine(problem, loss, session, blockRows);
    }

    public double Evaluate(ReadOnlySpan<double> parameters, Span<double> gradient, CancellationToken cancellation)
    {
        gradient.Clear();
        double loss = Pass(parameters, gradient, cancellation);
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] /= _problem.TotalWeight;
        }

        var inner = parameters[.._weights.Length];
        DoubleProducts.AddScaled(L2, inner, gradient[..inner.Length]);
        return loss + (0.5 * L2 * DoubleProducts.Dot(inner, inner));
    }

    public double Loss(ReadOnlySpan<double> parameters, CancellationToken cancellation) => Pass(parameters, [], cancellation);

    public void Dispose()
    {
        _blocks.ForEach(block => block.Dispose());
        _session.Dispose();
    }

    private double Pass(ReadOnlySpan<double> parameters, Span<double> gradient, CancellationToken cancellation)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            (i < _weights.Length ? ref _weights[i] : ref _bias[i - _weights.Length]) = (float)parameters[i];
        }

        double loss = 0;
        for (int b = 0; b < _blocks.Count; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            _blocks[b].Run(_parameters);
            int first = b * _blockRows, count = Math.Min(_blockRows, _problem.Rows.Count - first);
            for (int i = 0; i < count; i++)
            {
                loss += _problem.Weight(first + i) * _losses[i];
            }

            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] += i < _weights.Length ? _weightGradient[i] : _biasGradient[i - _weights.Length];
            }
        }

        return loss / _problem.TotalWeight;
    }

    // Standardised rows, their answers and weights; what pads the last block weighs nothing.
    private Dictionary<string, TensorValue> Block(int first)
    {
        int width = _problem.Rows.Width, k = _loss.Outputs, count = Math.Min(_blockRows, _problem.Rows.Count - first);
        var (mean, scale) = (_problem.Standardisation.Mean, _problem.Standardisation.Scale);
        float[] rows = new float[_blockRows * width], weights = new float[_blockRows];
        byte[] answers = new byte[_blockRows * k];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = _problem.Threads }, i =>
        {
            var row = _problem.Rows[first + i];
            for (int j = 0; j < width; j++)
            {
                rows[(i * width) + j] = (row[j] - (float)mean[j]) * (float)scale[j];
            }

            _loss.Answer(first + i, answers.AsSpan(i * k, k));
            weights[i] = (float)_problem.Weight(first + i);
        });
        return new()
        {
            [LossGraph.Rows] = TensorValue.Of(rows, _blockRows, width),
            [LossGraph.Answers] = TensorValue.OfBytes(answers, _blockRows, k),
            [LossGraph.RowWeights] = TensorValue.Of(weights, _blockRows, 1),
        };
    }
}
