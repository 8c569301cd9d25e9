using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// The maximum of each window: the first value of the window that is the maximum gets the gradient, as in PyTorch (behind a
/// Relu several zeros are as large). MaxPool says which it is; a value that is the maximum of several windows gets their sum.
/// </summary>
internal static class MaxPoolGradient
{
    /// <summary>From this operator set on ScatterElements adds up what falls on one place.</summary>
    private const int AddingOpset = 16;

    public static string?[] Of(GradientNode node, string gradient)
    {
        if (node.Node.Long("storage_order", 0) != 0)
        {
            throw node.Unsupported("its storage_order is 1 (columns first); expected 0");
        }

        node.RaiseOpset(AddingOpset);
        var x = node.Type(node.Input(0));
        string all = node.List(-1), places = node.Add("Reshape", [node.SecondOutput("maxima"), all]);
        string spread = node.Add(
            "ScatterElements", [node.Zeros(node.Output, x.Count), places, node.Add("Reshape", [gradient, all])], ("axis", 0), ("reduction", "add"));
        return [node.Add("Reshape", [spread, node.List([.. x.Dimensions])])];
    }
}
