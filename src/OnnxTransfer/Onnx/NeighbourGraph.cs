using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Nearest neighbours as a graph: all rows ranked by float32 products, the best of them measured anew in float64 and ranked
/// again, ties by row order, and their answers counted. Only operators of operator set 7 are used, in the form that the
/// wanted set gives them. In the shapes below, Q is the number of queries, N of rows, C of candidates, K of neighbours.
/// </summary>
internal sealed record NeighbourGraph
{
    // One tensor of ONNX holds less than 2 GB.
    private const long LargestPart = 1L << 30;

    // More neighbours than this only stand in a model where rows weigh next to nothing.
    private const int MostNeighbours = 10_000;

    private GraphBuilder _builder = GraphBuilder.Empty();

    /// <summary>How votes follow from distances.</summary>
    public enum Vote
    {
        /// <summary>All count the same.</summary>
        Uniform,

        /// <summary>1 / distance.</summary>
        InverseDistance,

        /// <summary>exp(-distance / temperature).</summary>
        Softmax,
    }

    public required int Opset { get; init; }

    /// <summary>N x D.</summary>
    public required IRows Rows { get; init; }

    /// <summary>Weight per row; empty: all 1.</summary>
    public required double[] Weights { get; init; }

    /// <summary>The weight of the rows that vote, nearest first.</summary>
    public required int Neighbours { get; init; }

    /// <summary>1 - cosine instead of Euclidean distance.</summary>
    public required bool IsCosine { get; init; }

    /// <summary>Class per row, or empty where <see cref="Table"/> holds the answers.</summary>
    public required int[] Labels { get; init; }

    /// <summary>N x <see cref="Outputs"/> answers.</summary>
    public required double[] Table { get; init; }

    public required int Outputs { get; init; }

    public required Vote Votes { get; init; }

    /// <summary>Distances up to this are 0.</summary>
    public required double Zero { get; init; }

    public required double Temperature { get; init; }

    /// <summary>The answer is the exponential of the mean.</summary>
    public required bool IsExponential { get; init; }

    public required string Input { get; init; }

    public required string Output { get; init; }

    /// <summary>Rows go into tensors of at most so many bytes.</summary>
    public long PartBytes { get; init; } = LargestPart;

    /// <summary>The model: <see cref="Input"/> float [Q, D] to <see cref="Output"/> float [Q, <see cref="Outputs"/>].</summary>
    /// <exception cref="OnnxException">Rows weigh so little that thousands of them may have to be counted.</exception>
    public OnnxModel Build()
    {
        int neighbours = RowsThatVote(), candidates = Math.Min(Rows.Count, neighbours + (neighbours / 2) + 16);
        if (neighbours > MostNeighbours)
        {
            throw new OnnxException(
                $"up to {neighbours} rows are needed until their weights sum to {Neighbours} neighbours; expected at most {MostNeighbours} in a model: "
                + "give the rows weights around 1");
        }

        _builder = GraphBuilder.Empty(Opset, "head");
        _builder.Input(Input, ElementType.Float, -1, Rows.Width);
        int[] starts = Starts();
        string[] parts = [.. starts[..^1].Zip(starts[1..], (from, to) => _builder.Floats("rows", Copy(from, to), to - from, Rows.Width))];
        string near = Candidates(parts, starts, candidates);
        string distances = Distances(Gather(parts, starts, near, candidates), candidates);
        var (nearest, places) = TopK(Node("Neg", [distances], "closeness"), neighbours, "nearest");
        string rows = Pick(near, places, neighbours, candidates);
        Answer(rows, Voting(rows, nearest, neighbours), neighbours);
        _builder.Output(Output, ElementType.Float, -1, Outputs);
        return _builder.Build();
    }

    // The rows nearest by float32 products, in row order: float64 [Q, C] (indices are exact in it, and it is sorted by TopK).
    private string Candidates(string[] parts, int[] starts, int candidates)
    {
        var scores = new List<string>();
        for (int p = 0; p < parts.Length; p++)
        {
            double[] lengths = [.. Enumerable.Range(starts[p], starts[p + 1] - starts[p]).Select(SquaredLength)];
            string offset = IsCosine
                ? _builder.Floats("no_offset", [0], 1)
                : _builder.Floats("half_lengths", [.. lengths.Select(square => (float)(-0.5 * square))], lengths.Length);
            string score = Node("Gemm", [Input, parts[p], offset], "scores", ("transB", 1)); // x . q - |x|² / 2, or x . q
            scores.Add(!IsCosine ? score : Node(
                "Mul", [score, _builder.Floats("scales", [.. lengths.Select(square => square > 0 ? (float)(1 / Math.Sqrt(square)) : 0)], lengths.Length)], "cosines"));
        }

        string all = scores.Count == 1 ? scores[0] : Node("Concat", [.. scores], "all_scores", ("axis", 1));
        var (_, near) = TopK(all, candidates, "candidates");
        string negative = Node("Neg", [Cast(near, ElementType.Double, "candidate_rows")], "descending");
        return Node("Neg", [TopK(negative, candidates, "ordered").Values], "ascending");
    }

    // The candidates' embeddings: float64 [Q, C, D]. Of several tensors each gives its own rows, and zeros for the others.
    private string Gather(string[] parts, int[] starts, string near, int candidates)
    {
        if (parts.Length == 1)
        {
            string found = Node("Gather", [parts[0], Cast(near, ElementType.Int64, "candidate_index")], "candidate_embeddings");
            return Cast(found, ElementType.Double, "candidates_wide");
        }

        string? sum = null;
        for (int p = 0; p < parts.Length; p++)
        {
            double last = starts[p + 1] - starts[p] - 1;
            string place = Node("Sub", [near, Number(starts[p])], "place");
            string above = Node("Relu", [place], "place_at_least_0"); // 0 .. last, by two Relus: Clip and Min came later
            string below = Node("Sub", [Number(last), Node("Relu", [Node("Sub", [Number(last), above], "left")], "left_at_least_0")], "place_within");
            string isOwn = Cast(Node("Equal", [Cast(place, ElementType.Int64, "place_index"), Cast(below, ElementType.Int64, "own_index")], "is_own"), ElementType.Double, "own");
            string found = Node("Gather", [parts[p], Cast(below, ElementType.Int64, "own_rows")], "own_embeddings");
            string own = Node("Mul", [Cast(found, ElementType.Double, "own_wide"), Reshape(isOwn, "own_mask", 0, candidates, 1)], "own_candidates");
            sum = sum is null ? own : Node("Add", [sum, own], "candidates_wide");
        }

        return sum!;
    }

    // Squared Euclidean distances, or 1 - cosine: float64 [Q, C], equal embeddings at 0 exactly.
    private string Distances(string candidates, int count)
    {
        string query = Reshape(Cast(Input, ElementType.Double, "query"), "query_row", 0, 1, Rows.Width);
        if (!IsCosine)
        {
            return Reshape(SquaredLength(Node("Sub", [candidates, query], "differences"), "squares"), "distances_all", 0, count);
        }

        var (rows, noRow) = Unit(candidates, "candidate");
        var (unit, noQuery) = Unit(query, "query");
        string squares = SquaredLength(Node("Sub", [rows, unit], "differences"), "squares");
        string zeros = Node("Add", [noRow, noQuery], "zeros"); // an embedding of zeros is at 1 from everything
        return Reshape(Node("Mul", [Node("Add", [squares, zeros], "twice"), Number(0.5)], "cosine_distances"), "distances_all", 0, count);
    }

    // Embeddings brought to length 1, and 1 where there is no length.
    private (string Unit, string IsZero) Unit(string embeddings, string name)
    {
        string length = Node("Sqrt", [SquaredLength(embeddings, $"{name}_squares")], $"{name}_length");
        string isZero = IsAtMost(length, 0, $"{name}_is_zero");
        return (Node("Div", [embeddings, Node("Add", [length, isZero], $"{name}_divisor")], $"{name}_unit"), isZero);
    }

    // What stands at the places [Q, K] of [Q, C]: by a product with rows of one 1, since GatherElements came with operator set 11.
    private string Pick(string near, string places, int neighbours, int candidates)
    {
        string numbers = _builder.Longs("numbers", [.. Enumerable.Range(0, candidates).Select(i => (long)i)], 1, 1, candidates);
        string picks = Cast(Node("Equal", [Reshape(places, "places_column", 0, neighbours, 1), numbers], "is_picked"), ElementType.Double, "picks");
        string picked = Node("MatMul", [picks, Reshape(near, "candidates_column", 0, candidates, 1)], "picked");
        return Cast(Reshape(picked, "picked_row", 0, neighbours), ElementType.Int64, "neighbours");
    }

    // The votes of the neighbours, float64 [Q, 1, K], or [1, 1, K] where they are always the same.
    private string Voting(string rows, string closeness, int neighbours)
    {
        string? weight = Weights.Length == 0 ? null : Room(rows, neighbours);
        string? vote = Votes == Vote.Uniform ? null : Weighted(Node("Neg", [closeness], "distances"));
        return weight is null && vote is null
            ? Ones(1, 1, neighbours)
            : Reshape(weight is null ? vote! : vote is null ? weight : Node("Mul", [weight, vote], "weighted_votes"), "votes", 0, 1, neighbours);
    }

    // The weight of each neighbour, the last as far as there is room: [Q, K].
    private string Room(string rows, int neighbours)
    {
        var earlier = new double[neighbours * neighbours];
        for (int i = 0; i < earlier.Length; i++)
        {
            earlier[i] = i / neighbours < i % neighbours ? 1 : 0;
        }

        string weights = Node("Gather", [_builder.Reals("weights", ElementType.Double, Weights, Weights.Length), rows], "weight");
        string before = Node("MatMul", [weights, _builder.Reals("earlier", ElementType.Double, earlier, neighbours, neighbours)], "weight_before");
        string over = Node("Relu", [Node("Sub", [Node("Add", [before, weights], "weight_with"), Number(Neighbours)], "excess")], "excess_over_0");
        return Node("Relu", [Node("Sub", [weights, over], "room")], "weight_in_room");
    }

    private string Weighted(string distances)
    {
        if (Votes == Vote.Softmax)
        {
            string least = Node("Neg", [Largest(Node("Neg", [distances], "closeness"), "closest")], "least");
            return Node("Exp", [Node("Div", [Node("Sub", [least, distances], "behind"), Number(Temperature)], "exponents")], "softmax_votes");
        }

        string length = IsCosine ? distances : Node("Sqrt", [distances], "lengths");
        string hits = IsAtMost(length, Zero, "hits"), any = Largest(hits, "any_hit");
        string inverse = Node("Div", [Node("Sub", [Number(1), any], "no_hit"), Node("Add", [length, hits], "divisors")], "inverse");
        return Node("Add", [Node("Mul", [any, hits], "hit_votes"), inverse], "inverse_votes");
    }

    // votes [Q, 1, K] times answers [Q, K, outputs], over the sum of votes.
    private void Answer(string rows, string votes, int neighbours)
    {
        string answers;
        if (Labels.Length > 0)
        {
            string labels = Node("Gather", [_builder.Longs("labels", Array.ConvertAll(Labels, label => (long)label), Labels.Length), rows], "neighbour_labels");
            string classes = _builder.Longs("classes", [.. Enumerable.Range(0, Outputs).Select(i => (long)i)], 1, 1, Outputs);
            answers = Cast(Node("Equal", [Reshape(labels, "labels_column", 0, neighbours, 1), classes], "is_class"), ElementType.Double, "answers");
        }
        else
        {
            answers = Node("Gather", [_builder.Reals("table", ElementType.Double, Table, Rows.Count, Outputs), rows], "answers");
        }

        string total = Node("MatMul", [votes, Ones(neighbours, 1)], "total");
        string mean = Reshape(Node("Div", [Node("MatMul", [votes, answers], "sums"), total], "mean"), "mean_row", 0, Outputs);
        mean = IsExponential ? Node("Exp", [mean], "mean_exponential") : mean;
        _builder.NodeInto(Output, "Cast", [mean], ("to", (int)ElementType.Float));
    }

    // How many rows may be needed until their weights sum to Neighbours: the lightest ones decide.
    private int RowsThatVote()
    {
        if (Weights.Length == 0)
        {
            return Math.Min(Neighbours, Rows.Count);
        }

        double sum = 0;
        int count = 0;
        foreach (double weight in Weights.Order())
        {
            if (sum >= Neighbours)
            {
                break;
            }

            sum += weight;
            count++;
        }

        return count;
    }

    private int[] Starts()
    {
        int most = (int)Math.Clamp(PartBytes / (sizeof(float) * (long)Rows.Width), 1, Rows.Count);
        return [.. Enumerable.Range(0, (Rows.Count + most - 1) / most).Select(part => part * most), Rows.Count];
    }

    private float[] Copy(int from, int to)
    {
        var values = new float[(long)(to - from) * Rows.Width];
        for (int i = from; i < to; i++)
        {
            Rows[i].CopyTo(values.AsSpan((i - from) * Rows.Width));
        }

        return values;
    }

    private double SquaredLength(int row)
    {
        double sum = 0;
        foreach (float value in Rows[row])
        {
            sum += (double)value * value;
        }

        return sum;
    }

    private string SquaredLength(string embeddings, string name)
    {
        var (inputs, attributes) = _builder.Along(2, embeddings);
        return _builder.Node("ReduceSumSquare", inputs, name, attributes);
    }

    private string Largest(string tensor, string name)
    {
        var (inputs, attributes) = _builder.Along(1, tensor);
        return _builder.Node("ReduceMax", inputs, name, attributes);
    }

    // 1 where a tensor is at most a number, else 0: Less and Greater take float64 in all operator sets, LessOrEqual came late.
    private string IsAtMost(string tensor, double limit, string name) =>
        Cast(Node("Not", [Node("Greater", [tensor, Number(limit)], $"{name}_not")], $"{name}_test"), ElementType.Double, name);

    private string Number(double value) => _builder.Reals("number", ElementType.Double, [value], 1);

    private string Cast(string tensor, ElementType type, string name) => Node("Cast", [tensor], name, ("to", (int)type));

    private string Ones(params long[] dims) =>
        _builder.Reals("ones", ElementType.Double, [.. Enumerable.Repeat(1.0, (int)dims.Aggregate((a, b) => a * b))], dims);

    private string Reshape(string tensor, string name, params long[] shape) =>
        Node("Reshape", [tensor, _builder.Longs($"{name}_shape", shape, shape.Length)], name);

    private string Node(string operation, string[] inputs, string name, params (string Name, object Value)[] attributes) =>
        _builder.Node(operation, inputs, name, attributes);

    // The largest of the last axis, largest first, the first of equals first; how many is an input from operator set 10 on.
    private (string Values, string Indices) TopK(string tensor, int count, string name)
    {
        var node = new NodeProto { OpType = "TopK", Name = $"{name}_topk" };
        node.Input.Add(tensor);
        if (Opset < 10)
        {
            node.Attribute.Add(new AttributeProto { Name = "k", Type = AttributeProto.Types.AttributeType.Int, I = count });
        }
        else
        {
            node.Input.Add(_builder.Longs($"{name}_count", [count], 1));
        }

        var (values, indices) = (_builder.Reserve(name), _builder.Reserve($"{name}_places"));
        node.Output.Add([values, indices]);
        _builder.PutForeign(node);
        return (values, indices);
    }
}
