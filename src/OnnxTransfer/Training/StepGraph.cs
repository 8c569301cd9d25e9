using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>
/// One training step as one ONNX graph: forward, backward and the optimiser's update. Beside the forward graph's own inputs
/// it reads the learning rate, the step's number, the trainable weights, the optimiser's states and running statistics; it gives
/// the loss, and weights, states and statistics after the step, to be read by the next. Or as two: one, to be run for each part of a
/// batch, adds its gradients to sums, the other moves the weights by those.
/// </summary>
internal sealed class StepGraph
{
    /// <summary>Input, double [1].</summary>
    public const string LearningRate = "learning_rate";

    /// <summary>Input, double [1]: 1 for the first step.</summary>
    public const string StepNumber = "step_number";

    private readonly Dictionary<string, string> _carried = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _moved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorProto> _weights = new(StringComparer.Ordinal);

    private StepGraph(string loss) => Loss = loss;

    /// <summary>The graph of a step, or of a part of its batch.</summary>
    public OnnxModel Model { get; private set; } = null!;

    /// <summary>The graph that moves the weights once all parts were run; null where <see cref="Model"/> does so itself.</summary>
    public OnnxModel? Update { get; private set; }

    /// <summary>Output, of the weights' type: the loss before the step's update.</summary>
    public string Loss { get; }

    /// <summary>Inputs of <see cref="Model"/> that hold weights, states, statistics or sums, each with the output that gives it after a run.</summary>
    public IReadOnlyDictionary<string, string> Carried => _carried;

    /// <summary>The same of <see cref="Update"/>.</summary>
    public IReadOnlyDictionary<string, string> Moved => _moved;

    /// <summary>What each trainable weight and running statistic held in the forward graph.</summary>
    public IReadOnlyDictionary<string, TensorProto> Weights => _weights;

    /// <summary>Bytes of all that is carried, one buffer of each.</summary>
    public long CarriedBytes => new[] { Model, Update }.OfType<OnnxModel>().SelectMany(model => model.Inputs).DistinctBy(input => input.Name)
        .Where(input => _carried.ContainsKey(input.Name) || _moved.ContainsKey(input.Name))
        .Sum(input => input.Dimensions!.Aggregate(input.ElementType == ElementType.Double ? (long)sizeof(double) : sizeof(float), (a, b) => a * b));

    /// <summary>Builds the step.</summary>
    /// <param name="forward">
    /// From inputs to a loss; its outputs become inner tensors. All shapes must follow from <paramref name="batch"/>, the symbolic first
    /// dimension of its inputs, which the step graph has fixed. Weights, float or double, are constants unless listed.
    /// </param>
    /// <param name="loss">The tensor of one element to make small.</param>
    /// <param name="trainable">The weights to move, each at most once.</param>
    /// <param name="optimizer">How they are moved.</param>
    /// <param name="batch">Rows of a run: of a step, or of a part.</param>
    /// <param name="clipNorm">Gradients that are longer, all together, are shortened to it; null: none are.</param>
    /// <param name="statistics">Running statistics of the forward graph; null: none.</param>
    /// <param name="inParts">True: gradients are added to sums, which the weights are moved by in a graph of its own.</param>
    /// <exception cref="TrainingException">No gradient can be made; see <see cref="Differentiation.Gradients"/>.</exception>
    /// <exception cref="OnnxException">The graph has no weight of a listed name.</exception>
    public static StepGraph Build(
        OnnxModel forward,
        string loss,
        IReadOnlyList<Trainable> trainable,
        Optimizer optimizer,
        int batch,
        double? clipNorm = null,
        IReadOnlyList<RunningStatistic>? statistics = null,
        bool inParts = false)
    {
        var shapes = TensorShapes.Infer(forward, batch);
        var builder = GraphBuilder.Over(forward);
        FixInputs(builder, shapes);
        var gradients = Differentiation.Gradients(builder, forward, shapes, loss, [.. trainable.Select(weight => weight.Name)]);
        var step = new StepGraph(loss);
        builder.Graph.Output.Clear();
        builder.Output(loss, shapes[loss]!.ElementType);
        foreach (string name in trainable.Select(weight => weight.Name))
        {
            step._weights[name] = builder.FeedWeight(name);
        }

        foreach (var (name, after) in statistics ?? [])
        {
            step._weights[name] = builder.FeedWeight(name);
            step.Carry(builder, step._carried, name, name, after);
        }

        if (inParts)
        {
            step.Sum(builder, trainable, gradients);
            step.Update = step.Updated(forward, trainable, optimizer, clipNorm);
        }
        else
        {
            step.Move(builder, step._carried, trainable, gradients, optimizer, clipNorm);
        }

        step.Model = builder.Build();
        return step;
    }

    /// <summary><see cref="Model"/> in the form that a CPU runs fastest.</summary>
    public OnnxModel ForCpu() => BlockedConvolutions.CanBeIn(Model) ? BlockedConvolutions.In(Model, ConvolutionBlock.Size) : Model;

    private static string SumOf(string weight) => $"{weight}_sum";

    private void Sum(GraphBuilder builder, IReadOnlyList<Trainable> trainable, IReadOnlyList<string> gradients)
    {
        foreach (var ((name, _, _), gradient) in trainable.Zip(gradients))
        {
            string sum = Feed(builder, SumOf(name), name);
            Carry(builder, _carried, sum, name, builder.Node("Add", [sum, gradient], $"{name}_summed"));
        }
    }

    private OnnxModel Updated(OnnxModel forward, IReadOnlyList<Trainable> trainable, Optimizer optimizer, double? clipNorm)
    {
        var builder = GraphBuilder.Empty(forward.Opset, $"{forward.Source}, update");
        string[] sums = [.. trainable.Select(weight => Feed(builder, SumOf(Feed(builder, weight.Name, weight.Name)), weight.Name))];
        Move(builder, _moved, trainable, sums, optimizer, clipNorm);
        foreach (var ((name, _, _), sum) in trainable.Zip(sums))
        {
            // Zeros for the next step's first part.
            Carry(builder, _moved, sum, name, builder.Node("Sub", [sum, sum], $"{name}_cleared"));
        }

        return builder.Build();
    }

    // Adds the optimiser's nodes, weights being inputs of the graph. Weights of one learning rate share its scalars, as PyTorch's
    // parameter groups do.
    private void Move(
        GraphBuilder builder, Dictionary<string, string> carried, IReadOnlyList<Trainable> trainable, IReadOnlyList<string> gradients, Optimizer optimizer, double? clipNorm)
    {
        var type = (ElementType)_weights[trainable[0].Name].DataType;
        builder.Input(LearningRate, ElementType.Double, 1);
        builder.Input(StepNumber, ElementType.Double, 1);
        var scalars = new StepScalars(builder, type, LearningRate, StepNumber);
        gradients = clipNorm is { } most ? GradientClip.Add(scalars, builder, gradients, most) : gradients;
        var updates = trainable.Select(weight => weight.Rate).Distinct().ToDictionary(rate => rate, rate => optimizer.Begin(scalars.Slowed(rate)));
        for (int i = 0; i < trainable.Count; i++)
        {
            var (name, decay, rate) = trainable[i];
            string[] states = [.. Enumerable.Range(0, optimizer.States).Select(s => Feed(builder, $"{name}_state{s}", name))];
            string[] moved = updates[rate].Move(name, gradients[i], decay, states);
            foreach (var (before, after) in states.Prepend(name).Zip(moved))
            {
                Carry(builder, carried, before, name, after);
            }
        }
    }

    // An input of the type and shape of a weight.
    private string Feed(GraphBuilder builder, string name, string like) =>
        builder.Input(name, (ElementType)_weights[like].DataType, [.. _weights[like].Dims]);

    private void Carry(GraphBuilder builder, Dictionary<string, string> carried, string before, string like, string after)
    {
        carried[before] = after;
        builder.Output(after, (ElementType)_weights[like].DataType, [.. _weights[like].Dims]);
    }

    private static void FixInputs(GraphBuilder builder, TensorShapes shapes)
    {
        foreach (var input in builder.Graph.Input)
        {
            var dims = shapes[input.Name]?.Dimensions ?? throw new TrainingException(
                $"the shape of the input '{input.Name}' is unknown; a step needs it fixed: {shapes.Unknown.GetValueOrDefault(input.Name)}");
            var shape = input.Type.TensorType.Shape = new TensorShapeProto();
            shape.Dim.AddRange(dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        }
    }
}
