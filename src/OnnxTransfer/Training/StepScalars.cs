using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>The single numbers of a step graph, computed in float64 in the graph, and constants of the weights' type.</summary>
internal sealed class StepScalars(GraphBuilder builder, ElementType type, string rate, string step)
{
    /// <summary>The learning rate, double [1].</summary>
    public string Rate => rate;

    /// <summary>The step's number from 1 on, double [1].</summary>
    public string Step => step;

    /// <summary>Adds a node on tensors of the weights' type.</summary>
    public string Add(string operation, params string[] inputs) => builder.Node(operation, inputs, "update");

    /// <summary>A constant of the weights' type.</summary>
    public string Number(double value) => builder.Reals("factor", type, [value], 1);

    /// <summary>A float64 constant.</summary>
    public string Exact(double value) => builder.Reals("exact", ElementType.Double, [value], 1);

    /// <summary>A number of the weights' type as float64.</summary>
    public string Wide(string number) => type == ElementType.Double ? number : builder.Node("Cast", [number], "wide", ("to", (int)ElementType.Double));

    /// <summary>The same at a part of the learning rate.</summary>
    public StepScalars Slowed(double part) => part == 1 ? this : new(builder, type, Add("Mul", rate, Exact(part)), step);

    /// <summary>A float64 result, rounded to the weights' type.</summary>
    public string Rounded(string exact) => type == ElementType.Double ? exact : builder.Node("Cast", [exact], "rounded", ("to", (int)type));
}
