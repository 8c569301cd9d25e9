using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>
/// One training step as one ONNX graph: forward, backward and the optimiser's update. Beside the forward graph's own inputs
/// it reads the learning rate, the step's number, the trainable weights and the optimiser's states; it gives the loss, and
/// weights and states after the step, to be read by the next.
/// </summary>
internal sealed class StepGraph
{
    /// <summary>Input, double [1].</summary>
    public const string LearningRate = "learning_rate";

    /// <summary>Input, double [1]: 1 for the first step.</summary>
    public const string StepNumber = "step_number";

    private readonly Dictionary<string, string> _carried = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorProto> _weights = new(StringComparer.Ordinal);

    private StepGraph(string loss) => Loss = loss;

    /// <summary>The graph.</summary>
    public OnnxModel Model { get; private set; } = null!;

    /// <summary>Output, of the weights' type: the loss before the step's update.</summary>
    public string Loss { get; }

    /// <summary>Inputs that hold weights and states, each with the output that gives it after the step.</summary>
    public IReadOnlyDictionary<string, string> Carried => _carried;

    /// <summary>What each trainable weight held in the forward graph.</summary>
    public IReadOnlyDictionary<string, TensorProto> Weights => _weights;

    /// <summary>Builds the step.</summary>
    /// <param name="forward">
    /// From inputs to a loss; its outputs become inner tensors. All shapes must follow from <paramref name="batch"/>, the symbolic first
    /// dimension of its inputs, which the step graph has fixed. Weights, float or double, are constants unless listed.
    /// </param>
    /// <param name="loss">The tensor of one element to make small.</param>
    /// <param name="trainable">The weights to move, each at most once.</param>
    /// <param name="optimizer">How they are moved.</param>
    /// <param name="batch">Rows of a step.</param>
    /// <exception cref="TrainingException">No gradient can be made; see <see cref="Differentiation.Gradients"/>.</exception>
    /// <exception cref="OnnxException">The graph has no weight of a listed name.</exception>
    public static StepGraph Build(OnnxModel forward, string loss, IReadOnlyList<Trainable> trainable, Optimizer optimizer, int batch)
    {
        var shapes = TensorShapes.Infer(forward, batch);
        var builder = GraphBuilder.Over(forward);
        FixInputs(builder, shapes);
        var gradients = Differentiation.Gradients(builder, forward, shapes, loss, [.. trainable.Select(weight => weight.Name)]);
        var step = new StepGraph(loss);
        builder.Input(LearningRate, ElementType.Double, 1);
        builder.Input(StepNumber, ElementType.Double, 1);
        var update = optimizer.Begin(new StepScalars(builder, shapes[loss]!.ElementType, LearningRate, StepNumber));
        builder.Graph.Output.Clear();
        builder.Output(loss, shapes[loss]!.ElementType);
        for (int i = 0; i < trainable.Count; i++)
        {
            var (name, decay, _) = trainable[i];
            var weight = step._weights[name] = builder.FeedWeight(name);
            string[] states = [.. Enumerable.Range(0, optimizer.States).Select(
                s => builder.Input($"{name}_state{s}", (ElementType)weight.DataType, [.. weight.Dims]))];
            string[] moved = update.Move(name, gradients[i], decay, states);
            foreach (var (before, after) in states.Prepend(name).Zip(moved))
            {
                step._carried[before] = after;
                builder.Output(after, (ElementType)weight.DataType, [.. weight.Dims]);
            }
        }

        step.Model = builder.Build();
        return step;
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
