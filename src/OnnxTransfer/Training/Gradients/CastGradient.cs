using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y is x as another kind of real number: dx is dy as that of x. Integers and truth values have no gradient.</summary>
internal static class CastGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        var type = node.Type(node.Input(0)).ElementType;
        return [type is ElementType.Float or ElementType.Double or ElementType.Float16 ? node.Add("Cast", [gradient], ("to", (int)type)) : null];
    }
}
