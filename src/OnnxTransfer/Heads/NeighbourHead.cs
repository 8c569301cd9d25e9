using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>
/// The answer of the nearest rows: class probabilities and label probabilities are shares of their votes (0 where no neighbour
/// votes), values the mean of their targets. It holds the rows themselves, not a copy: where they lie in an embedding cache,
/// the cache must stay open. Neighbours are exact, ties go to the row that comes first. An embedding with a NaN or infinite
/// value is answered by NaN.
/// </summary>
public sealed class NeighbourHead : IHead
{
    private readonly NeighbourIndex _index;
    private readonly NeighbourVotes _votes;
    private readonly bool _exponential;
    private readonly int _threads;

    internal NeighbourHead(
        NeighbourIndex index, NeighbourVotes votes, int neighbours, bool exponential, int threads, IReadOnlyList<string> classes, IReadOnlyList<string> valueNames)
    {
        (_index, _votes, _exponential, _threads) = (index, votes, exponential, threads);
        Neighbours = neighbours;
        Classes = classes;
        ValueNames = valueNames;
    }

    /// <inheritdoc/>
    public HeadTask Task => Classes.Count == 0 ? HeadTask.Values : _votes.Labels.Length > 0 ? HeadTask.Classes : HeadTask.Labels;

    /// <inheritdoc/>
    public int Width => Rows.Width;

    /// <inheritdoc/>
    public int Outputs => _votes.Outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ValueNames { get; }

    /// <summary>How many neighbours answer; a row of weight w counts as w of them.</summary>
    public int Neighbours { get; }

    /// <summary>The N x D embeddings among which neighbours are found.</summary>
    public IRows Rows => _index.Rows;

    /// <summary>What near means.</summary>
    public Distance Distance => _index.Distance;

    /// <summary>How much a neighbour counts.</summary>
    public Weighting Weighting => _votes.Weighting;

    /// <inheritdoc/>
    public Matrix Predict(IRows rows)
    {
        PredictCheck.Width(this, rows.Width);
        var result = new Matrix(rows.Count, Outputs);
        _index.Find(rows, Neighbours, Chunks.Threads(_threads), (query, nearest) => Answer(nearest, result.Row(query)));
        return result;
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result)
    {
        PredictCheck.Row(this, embedding, result);
        Predict(new Matrix(1, Width, embedding.ToArray())).Values.CopyTo(result);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The model holds all rows: N x D x 4 bytes. It ranks by float32 products first and measures the best of them in float64,
    /// so that only rows whose distances differ by float32's rounding may stand for each other.
    /// </remarks>
    public OnnxModel ToOnnx(int opset = 13)
    {
        for (int i = 0; i < Rows.Count; i++)
        {
            if (!(RowDistance.SquaredLength(Rows[i]) < float.MaxValue))
            {
                throw new FitException(
                    $"the embedding of row {i} is longer than 1.8e19, and its square no float32, in which an ONNX model ranks the rows; " +
                    "expected shorter ones: scale the columns");
            }
        }

        return Graph(opset).Build();
    }

    /// <summary>What <see cref="ToOnnx"/> builds.</summary>
    internal NeighbourGraph Graph(int opset) => new()
    {
        Opset = opset,
        Rows = Rows,
        Weights = _votes.Weights,
        Neighbours = Neighbours,
        IsCosine = Distance == Distance.Cosine,
        Labels = _votes.Labels,
        Table = Table(),
        Outputs = Outputs,
        Votes = Weighting switch
        {
            Weighting.InverseDistance => NeighbourGraph.Vote.InverseDistance,
            Weighting.Softmax => NeighbourGraph.Vote.Softmax,
            _ => NeighbourGraph.Vote.Uniform,
        },
        Zero = Distance == Distance.Cosine ? NeighbourVotes.CosineZero : 0,
        Temperature = _votes.Temperature,
        IsExponential = _exponential,
        Input = IHead.EmbeddingName,
        Output = Task == HeadTask.Values ? IHead.ValueName : IHead.ProbabilitiesName,
    };

    private void Answer(ReadOnlySpan<Neighbour> nearest, Span<float> result)
    {
        var answer = Outputs <= 256 ? stackalloc double[Outputs] : new double[Outputs];
        _votes.Count(nearest, Neighbours, answer);
        for (int c = 0; c < answer.Length; c++)
        {
            result[c] = (float)(_exponential ? Math.Exp(answer[c]) : answer[c]);
        }
    }

    // N x Outputs answers; none for classes, whose numbers say all.
    private double[] Table()
    {
        if (_votes.LabelSets.Length == 0)
        {
            return _votes.Targets;
        }

        var table = new double[(long)Rows.Count * Outputs];
        for (int row = 0; row < Rows.Count; row++)
        {
            foreach (int label in _votes.LabelSets[row])
            {
                table[((long)row * Outputs) + label] = 1;
            }
        }

        return table;
    }
}
