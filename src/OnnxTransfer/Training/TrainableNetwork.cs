using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>
/// A network and those of its weights that are to be trained. Its batch norms with training_mode = 1 take the batch's
/// statistics while it is trained, and keep running ones (two further weights of theirs) for prediction; all others are frozen.
/// </summary>
/// <param name="Model">One input [N, ...], float or uint8, and one output, float [N, k].</param>
/// <param name="Weights">Each at most once.</param>
internal sealed record TrainableNetwork(OnnxModel Model, IReadOnlyList<Trainable> Weights)
{
    /// <summary>The input: N rows of a network's pixels, or of a tap's activations.</summary>
    public TensorInfo Input => Model.Inputs[0];

    /// <summary>The output: N rows of k numbers, before any softmax.</summary>
    public TensorInfo Output => Model.Outputs[0];
}
