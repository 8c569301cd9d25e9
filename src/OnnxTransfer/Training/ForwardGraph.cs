using OnnxTransfer.Onnx;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Training;

/// <summary>A network with a loss behind it: its own input, targets [N, k] and the rows' weights [N], to one number.</summary>
/// <param name="Model">Batch norms in training are lowered to nodes that can be run.</param>
/// <param name="Loss">Its one output.</param>
/// <param name="Statistics">Running statistics of those batch norms.</param>
/// <param name="Input">The network's own input.</param>
/// <param name="Width">k.</param>
internal sealed record ForwardGraph(OnnxModel Model, string Loss, IReadOnlyList<RunningStatistic> Statistics, string Input, int Width)
{
    /// <summary>Input, float [N, k].</summary>
    public const string Targets = "training_targets";

    /// <summary>Input, float [N]; a row of weight 0 only fills the batch up.</summary>
    public const string RowWeights = "training_weights";

    /// <summary>Puts the loss behind the network.</summary>
    /// <exception cref="TrainingException">It has not one input of N rows, float or uint8, and one output, float [N, k].</exception>
    public static ForwardGraph Of(TrainableNetwork network, GraphLoss loss)
    {
        var model = network.Model;
        if (model.Inputs is not [{ ElementType: ElementType.Float or ElementType.UInt8, Dimensions: [< 0, ..] } input] || model.Outputs is not [var output]
            || TensorShapes.Infer(model)[output.Name] is not { ElementType: ElementType.Float, Dimensions: [1, var width] })
        {
            throw new TrainingException(
                $"{model}: cannot be trained; expected one input of N rows, float or uint8, N being open, and one output, float [N, k]");
        }

        var (lowered, statistics) = TrainingBatchNorm.Lower(model);
        var builder = GraphBuilder.Over(lowered);
        builder.Input(Targets, ElementType.Float, -1, width);
        builder.Input(RowWeights, ElementType.Float, -1);
        string sum = loss.AddSum(builder, output.Name, Targets, RowWeights, (int)width, ElementType.Float);
        builder.Graph.Output.Clear();
        builder.Output(sum);
        return new(builder.Build(), sum, statistics, input.Name, (int)width);
    }
}
